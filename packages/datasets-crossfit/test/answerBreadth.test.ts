import { describe, expect, test } from "vitest";
import { textsOf } from "./support/letters.js";
import { openTarget, row, targetRoot } from "./support/targets.js";

const files = {
  "2_13_train": [row("a", "y"), row("b", "x")],
  "2_13_test": [row("c", "x"), row("d", "y")],
};

describe("neutral questions", () => {
  test("ask about N/A after the same demonstrations", async () => {
    const target = await openTarget(targetRoot(files));
    const neutral = await target.neutralQuestions?.(13);
    expect(neutral?.map(({ sequences }) => sequences.map(textsOf))).toEqual([
      [
        ["a y b x N/A", " x"],
        ["a y b x N/A", " y"],
      ],
      [
        ["a y b x N/A", " x"],
        ["a y b x N/A", " y"],
      ],
    ]);
  });

  test("keep the demonstrations that are nearest to the question itself", async () => {
    const rows = { ...files, "2_13_train": [row("cat", "y"), row("dog", "x")] };
    const asked = { ...rows, "2_13_test": [row("cat two"), row("dog two")] };
    const target = await openTarget(targetRoot(asked), { shots: 1, demonstrations: "nearest" });
    const neutral = await target.neutralQuestions?.(13);
    expect(neutral?.map(({ sequences }) => sequences.map(textsOf)[0])).toEqual([
      ["cat y N/A", " x"],
      ["dog x N/A", " x"],
    ]);
  });

  test("do not exist where the input is what is scored", async () => {
    const target = await openTarget(targetRoot(files), { method: "channel" });
    expect(target.neutralQuestions).toBeUndefined();
  });
});

describe("the answers of demonstrations", () => {
  test("are told, of those that are shown", async () => {
    const target = await openTarget(targetRoot(files), { shots: 1 });
    expect(await target.demonstratedAnswers?.(13)).toEqual(["y"]);
  });

  test("are those of all rows where none is shown", async () => {
    const target = await openTarget(targetRoot(files), { shots: 0 });
    expect(await target.demonstratedAnswers?.(13)).toEqual(["y", "x"]);
  });

  const shots = 64;
  const many = Array.from({ length: shots }, (_, i) => row(`${i}`, "x"));
  const labelled = (seeds: readonly number[]) =>
    targetRoot(
      Object.fromEntries(
        seeds.flatMap((seed) => [
          [`${shots}_${seed}_train`, many],
          [`${shots}_${seed}_test`, files["2_13_test"]],
        ]),
      ),
    );

  test("are drawn from the options where labels are random, and differ from seed to seed", async () => {
    const target = await openTarget(labelled([1, 2]), { shots, demonstrationLabels: "random" });
    const [one, other] = [
      await target.demonstratedAnswers?.(1),
      await target.demonstratedAnswers?.(2),
    ];
    // Half of 64 are y; four standard deviations are 16.
    const share = one?.filter((answer) => answer === "y").length ?? 0;
    expect(Math.abs(share - shots / 2)).toBeLessThan(16);
    expect(other).not.toEqual(one);
    const [question] = await target.questions(1);
    const shown = question?.sequences.map(textsOf)[0]?.[0].split(" ") ?? [];
    expect(shown.filter((_, i) => i % 2 === 1)).toEqual(one);
    // The questions themselves keep their right answers.
    expect(question?.gold).toEqual(["x"]);
  });
});

describe("free-form answers", () => {
  const free = (input: string, output: string | string[]) => ({ input, output, options: [] });
  const root = () =>
    targetRoot(
      {
        "2_13_train": [free("a", "one"), free("b", "two")],
        "2_13_test": ["c", "d", "e", "f", "g"].map((input) => free(input, `${input}!`)),
      },
      "free-form",
    );

  test("are chosen from those of other rows, the right one among them", async () => {
    const target = await openTarget(root(), { freeFormCandidates: 3, style: "newline" });
    const questions = await target.questions(13);
    const all = ["c!", "d!", "e!", "f!", "g!"];
    for (const [i, { options, gold }] of questions.entries()) {
      expect(gold).toEqual([all[i]]);
      expect(options).toHaveLength(3);
      expect(new Set(options).size).toBe(3);
      expect(options).toContain(all[i]);
      expect(all).toEqual(expect.arrayContaining([...options]));
    }
    // The right one is not always in the same place.
    expect(
      new Set(questions.map(({ options, gold }) => options.indexOf(gold[0] ?? ""))).size,
    ).not.toBe(1);
    // A free-form row of MetaICL's code has no separator before the answer, and so has the question.
    const [first] = questions;
    expect(first?.sequences.map(textsOf)).toEqual(
      first?.options.map((option) => ["aone\n\n\nbtwo\n\n\nc", option]),
    );
    const again = await (await openTarget(root(), { freeFormCandidates: 3 })).questions(13);
    expect(again.map(({ options }) => options)).toEqual(questions.map(({ options }) => options));
  });

  test("are all candidates where there are no more", async () => {
    const target = await openTarget(root(), { freeFormCandidates: 50 });
    const [question] = await target.questions(13);
    expect(question?.options.toSorted()).toEqual(["c!", "d!", "e!", "f!", "g!"]);
  });

  test("are generated after the demonstrations and the input, if there are no candidates", async () => {
    const target = await openTarget(root(), { style: "newline" });
    expect(target).toMatchObject({ isFreeForm: true, metric: "exact-match" });
    expect(target.neutralQuestions).toBeUndefined();
    const [first] = await target.questions(13);
    expect(first).toMatchObject({ options: [], sequences: [], gold: ["c!"] });
    const prompts = async (given: object) => {
      const [question] = await (await openTarget(root(), given)).questions(13);
      return textsOf({ ids: [...(question?.prompt ?? [])], scoredFrom: 0 })[1];
    };
    expect(await prompts({ style: "newline" })).toBe("aone\n\n\nbtwo\n\n\nc");
    // As MetaICL's paper has it, a newline separates the answer; a space is part of its first token.
    const paper = { style: "newline", separatorCompat: "paper" };
    expect(await prompts(paper)).toBe("a\none\n\n\nb\ntwo\n\n\nc\n");
    expect(await prompts({ style: "space" })).toBe("a one b two c");
    expect(await prompts({ template: "Q: {input} A: {output}" })).toBe(
      "Q: a A: one\n\n\nQ: b A: two\n\n\nQ: c A:",
    );
  });

  test("cannot be generated by the channel method, or where some have options", async () => {
    await expect(openTarget(root(), { method: "channel" })).rejects.toThrow(
      '[BAD_OPTION] Answers to the free-form task "t" are generated, which the channel method cannot',
    );
    await expect(openTarget(root(), { freeFormCandidates: 1 })).rejects.toThrow(
      "[BAD_OPTION] freeFormCandidates: expected a whole number of at least 2, got 1.",
    );
  });
});

describe("the metric of a target", () => {
  test("is MetaICL's unless another one is named, for all or for some", async () => {
    const metric = async (metrics?: "accuracy" | Record<string, "matthews" | "rouge-l">) =>
      (await openTarget(targetRoot(files), { metrics })).metric;
    expect(await metric()).toBe("macro-f1");
    expect(await metric("accuracy")).toBe("accuracy");
    expect(await metric({ t: "matthews", "*": "rouge-l" })).toBe("matthews");
    expect(await metric({ "*": "rouge-l" })).toBe("rouge-l");
    await expect(metric({ u: "matthews" })).rejects.toThrow(
      '[UNKNOWN_NAME] No target of s is called "u".',
    );
  });
});
