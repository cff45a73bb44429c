import { describe, expect, test } from "vitest";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { textsOf } from "./support/letters.js";
import { poolOf } from "./support/pool.js";
import { openTarget, row, targetRoot } from "./support/targets.js";

const files = { "1_13_train": [row("a", "y")], "1_13_test": [row("b", "x")] };

/** The sequences of the target's question, written into a template. */
async function question(template: string | Record<string, string>, options = {}) {
  const target = await openTarget(targetRoot(files), { shots: 1, template, ...options });
  return (await target.questions(13))[0]?.sequences.map(textsOf);
}

const instruction = "Text: {input}\nIs it {options}? {output}";

describe("a template", () => {
  test("is filled in for demonstrations, and for the question up to the answer", async () => {
    expect(await question(instruction)).toEqual([
      ["Text: a\nIs it x, y? y\n\n\nText: b\nIs it x, y?", " x"],
      ["Text: a\nIs it x, y? y\n\n\nText: b\nIs it x, y?", " y"],
    ]);
  });

  test("ends with the input when that is scored", async () => {
    expect(await question("A text of {output}: {input}", { method: "channel" })).toEqual([
      ["A text of y: a\n\n\nA text of x:", " b"],
      ["A text of y: a\n\n\nA text of y:", " b"],
    ]);
  });

  test("belongs to a task, or to all that have none of their own", async () => {
    const general = { "*": "{input} -> {output}" };
    expect((await question(general))?.[0]).toEqual(["a -> y\n\n\nb ->", " x"]);
    expect((await question({ ...general, t: "{input}: {output}" }))?.[0]).toEqual([
      "a: y\n\n\nb:",
      " x",
    ]);
    expect((await question({ other: "{input}: {output}" }))?.[0]).toEqual(["a y b", " x"]);
  });

  test("is kept whole when the input is cut", async () => {
    // 12 tokens of room for "long input", " ->" and " x": 7 are left for the input.
    const long = { "1_13_train": [row("a")], "1_13_test": [row("long input")] };
    const target = await openTarget(targetRoot(long), {
      shots: 0,
      template: "{input} -> {output}",
      maxExampleTokens: 14,
    });
    const [asked] = await target.questions(13);
    expect(asked?.sequences.map(textsOf)[0]).toEqual(["long in ->", " x"]);
  });

  test("is what training reads, too", async () => {
    const template = "Q: {input} A: {output}";
    const sampler = await samplerOf(poolOf({ a: 2 }), { shots: 1, batchSize: 2, template });
    expect(readEpisodes(sampler)[0]?.query.toSorted()).toEqual([
      "Q: a0 A: x\n\n\nQ: a1 A: y",
      "Q: a1 A: y\n\n\nQ: a0 A: x",
    ]);
  });

  test("that does not end with what is scored is refused", async () => {
    for (const bad of ["{output}: {input}", "{input}", "{input} {input} {output}"]) {
      await expect(question(bad)).rejects.toThrow(
        /\[BAD_OPTION\] Expected a template of the direct method that has \{input\} once and ends with \{output\}, got "/,
      );
    }
  });
});
