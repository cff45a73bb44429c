import { describe, expect, test } from "vitest";
import { textsOf } from "./support/letters.js";
import { openTarget, row, targetRoot } from "./support/targets.js";

const files = {
  "2_13_train": [row("a", "y"), row("b", "x")],
  "2_13_test": [row("c", "x"), row("d", " y ")],
  "2_100_train": [row("e"), row("f")],
  "2_100_test": [row("c", "x"), row("d", " y ")],
};

describe("the questions of a target", () => {
  test("show the seed's rows in file order, and have a sequence per option", async () => {
    const target = await openTarget(targetRoot(files));
    const [first, second] = await target.questions(13);
    expect(first?.options).toEqual(["x", "y"]);
    expect(first?.sequences.map(textsOf)).toEqual([
      ["a y b x c", " x"],
      ["a y b x c", " y"],
    ]);
    expect(second?.sequences.map(textsOf)).toEqual([
      ["a y b x d", " x"],
      ["a y b x d", " y"],
    ]);
    const [other] = await target.questions(100);
    expect(other?.sequences.map(textsOf)[0]).toEqual(["e x f x c", " x"]);
  });

  test("have trimmed answers", async () => {
    const questions = await (await openTarget(targetRoot(files))).questions(13);
    expect(questions.map(({ gold }) => gold)).toEqual([["x"], ["y"]]);
  });

  test("keep all acceptable answers", async () => {
    const several = { ...files, "2_13_test": [{ ...row("c"), output: ["y", "x"] }] };
    const [question] = await (await openTarget(targetRoot(several))).questions(13);
    expect(question?.gold).toEqual(["y", "x"]);
  });

  test("score the input under each option with the channel method", async () => {
    const [question] = await (await openTarget(targetRoot(files), { method: "channel" })).questions(
      13,
    );
    expect(question?.sequences.map(textsOf)).toEqual([
      ["y a x b x", " c"],
      ["y a x b y", " c"],
    ]);
  });

  test("stand alone without demonstrations, in the style of a first example", async () => {
    const target = await openTarget(targetRoot(files), { shots: 0, style: "newline" });
    const [question] = await target.questions(13);
    expect(question?.sequences.map(textsOf)).toEqual([
      ["c", "\nx"],
      ["c", "\ny"],
    ]);
  });

  test("lose their oldest text when they are too long", async () => {
    // "a y b x c x" is 11 letters.
    const [question] = await (await openTarget(targetRoot(files), { maxTokens: 10 })).questions(13);
    expect(question?.sequences.map(textsOf)[0]).toEqual([" y b x c", " x"]);
  });

  test("show the rows most like them when told to, the most similar last", async () => {
    // By BM25 the first question shares two words with row 2, one with row 0 and none with row 1.
    const animals = {
      "3_13_train": [row("red fox"), row("grey cat", "y"), row("red barking dog", "y")],
      "3_13_test": [row("the dog has a red coat"), row("a cat")],
    };
    const target = await openTarget(targetRoot(animals), { shots: 2, demonstrations: "nearest" });
    const questions = await target.questions(13);
    expect(questions.map(({ sequences }) => sequences.map(textsOf)[0]?.[0])).toEqual([
      "red fox x red barking dog y the dog has a red coat",
      // Only row 1 shares a word; the first of the others fills up.
      "red fox x grey cat y a cat",
    ]);
  });

  test("are at most as long as their demonstrations may be together", async () => {
    // 1 shot of 6 tokens: "a y c x" is 7, though 1024 would be allowed.
    const target = await openTarget(targetRoot(files), { shots: 1, maxExampleTokens: 6 });
    const [question] = await target.questions(13);
    expect(question?.sequences.map(textsOf)[0]).toEqual([" y c", " x"]);
  });
});

describe("the support of a target", () => {
  const support = async (options: Parameters<typeof openTarget>[1], seed = 13) =>
    (await (await openTarget(targetRoot(files), options)).support?.(seed))?.map(textsOf);

  test("is each demonstration after the other ones, as in training", async () => {
    expect(await support({ shots: 2 })).toEqual([
      ["b x a", " y"],
      ["a y b", " x"],
    ]);
    expect(await support({ shots: 1 })).toEqual([["a", " y"]]);
    expect(await support({ shots: 2 }, 100)).toEqual([
      ["f x e", " x"],
      ["e x f", " x"],
    ]);
  });

  test("is all rows by themselves where no demonstrations are shown", async () => {
    expect(await support({ shots: 0 })).toEqual([
      ["a", " y"],
      ["b", " x"],
    ]);
    expect(await support({ shots: 0, method: "channel" })).toEqual([
      ["y", " a"],
      ["x", " b"],
    ]);
  });

  test("has the most similar other rows where demonstrations are chosen so", async () => {
    const animals = {
      "3_13_train": [row("red fox"), row("grey cat", "y"), row("red cat")],
      "3_13_test": [row("a dog")],
    };
    const options = { shots: 2, demonstrations: "nearest" } as const;
    const target = await openTarget(targetRoot(animals), options);
    expect((await target.support?.(13))?.map(textsOf)).toEqual([
      ["red cat x red fox", " x"],
      ["red cat x grey cat", " y"],
      ["red fox x red cat", " x"], // as similar as row 1, but earlier
    ]);
  });
});

describe("the files of a target", () => {
  test("for more shots serve for fewer: their first rows are the smaller file", async () => {
    const target = await openTarget(targetRoot(files), { shots: 1 });
    const [question] = await target.questions(13);
    expect(question?.sequences.map(textsOf)[0]).toEqual(["a y c", " x"]);
  });

  test("for exactly the wanted number come first", async () => {
    const root = targetRoot({ ...files, "1_13_train": [row("z")], "1_13_test": [row("c")] });
    const [question] = await (await openTarget(root, { shots: 1 })).questions(13);
    expect(question?.sequences.map(textsOf)[0]).toEqual(["z x c", " x"]);
  });

  test("for too few shots are an error that says what is there", async () => {
    await expect(openTarget(targetRoot(files), { shots: 4 })).rejects.toThrow(
      /\[MISSING_FILE\] For 4 shots of t, expected t_4_\{seed\}_train\.jsonl and t_4_\{seed\}_test\.jsonl in .*, or files for more shots, got files for 2 shots. Lower shots/,
    );
  });

  test("for a seed that has none are an error that lists the seeds", async () => {
    const target = await openTarget(targetRoot(files));
    await expect(target.questions(42)).rejects.toThrow(
      /\[MISSING_FILE\] t has no demonstrations for seed 42: .*t_2_42_train\.jsonl does not exist. With 2 shots there are seeds 13, 100/,
    );
  });

  test("are checked before anything else happens", async () => {
    const bad = { ...files, "2_100_train": [row("e"), row("f", "z")] };
    await expect(openTarget(targetRoot(bad))).rejects.toThrow(
      /t_2_100_train\.jsonl:2: "output": expected one of/,
    );
  });

  test("have as many demonstrations as their name says", async () => {
    const bad = { ...files, "2_13_train": [row("a")] };
    await expect(openTarget(targetRoot(bad))).rejects.toThrow(
      /t_2_13_train\.jsonl:1: expected 2 rows, the number in the file's name, got 1/,
    );
  });
});

describe("a target", () => {
  test("of classification is scored by macro-F1, any other by accuracy", async () => {
    const root = (type: "classification" | "multi-choice") => targetRoot(files, type);
    expect((await openTarget(root("classification"))).metric).toBe("macro-f1");
    expect((await openTarget(root("multi-choice"))).metric).toBe("accuracy");
  });

  test("of classification has the same options in demonstrations and questions", async () => {
    const turned = { ...files, "2_13_test": [row("c", "x", ["y", "x"])] };
    await expect(openTarget(targetRoot(turned))).rejects.toThrow(
      /t_2_13_test\.jsonl:1: expected the options of .*t_2_13_train\.jsonl, \["x","y"\], got \["y","x"\]/,
    );
  });

  test("of multi-choice may have other options in every row", async () => {
    const mixed = {
      ...files,
      "2_13_test": [row("c", "u", ["u", "v", "w"]), row("d", "k", ["j", "k"])],
    };
    const questions = await (await openTarget(targetRoot(mixed, "multi-choice"))).questions(13);
    expect(questions.map(({ sequences }) => sequences.length)).toEqual([3, 2]);
  });

  test.each([
    [row("c", "x", ["x"]), 1],
    [row("c", "free", []), 0],
  ])("has something to choose from: %j", async (test, count) => {
    const bad = { ...files, "2_13_test": [row("d"), test] };
    await expect(openTarget(targetRoot(bad, "multi-choice"))).rejects.toThrow(
      new RegExp(`t_2_13_test\\.jsonl:2: a question needs at least 2 options .* but has ${count}`),
    );
  });

  test("with an option that is too long is found before evaluation", async () => {
    const long = { ...files, "2_13_test": [row("c", "x", ["x", "longer"])] };
    await expect(
      openTarget(targetRoot(long, "multi-choice"), { maxExampleTokens: 8 }),
    ).rejects.toThrow(
      /t_2_13_test\.jsonl:1: the answer is 1 tokens too long for "maxExampleTokens"/,
    );
  });

  test("with an empty input cannot be scored by its input", async () => {
    const empty = { ...files, "2_13_test": [row("")] };
    const options = { method: "channel", style: "newline" } as const;
    await expect(openTarget(targetRoot(empty), options)).rejects.toThrow(
      /t_2_13_test\.jsonl:1: an empty input leaves nothing to score \(method channel\)/,
    );
    await expect(openTarget(targetRoot(empty))).resolves.toBeDefined();
  });
});

test("a sample of the test rows is in file order, and the same for every seed", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => row(`q${i}`));
  const root = targetRoot({ ...files, "2_13_test": rows, "2_100_test": rows });
  const asked = async (seed: number, maxTestExamples?: number) => {
    const questions = await (await openTarget(root, { maxTestExamples })).questions(seed);
    return questions.map(({ sequences: [first] }) =>
      Number(first && textsOf(first)[0].split("q")[1]),
    );
  };
  const sample = await asked(13, 8);
  expect(sample).toHaveLength(8);
  expect(sample).toEqual(sample.toSorted((a, b) => a - b));
  expect(sample).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await asked(100, 8)).toEqual(sample);
  expect(await asked(13, 30)).toHaveLength(30);
  expect(await asked(13)).toHaveLength(30);
});
