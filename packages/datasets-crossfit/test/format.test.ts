import { expect, test } from "vitest";
import type { PromptFormat } from "../src/options.js";
import { promptParts } from "../src/prompt/format.js";

const labels = ["yes", "no"];
const separatorCompat = "metaicl-code";

// Input and answer as MetaICL's code writes them: first in a sequence, and after other examples.
test.each<
  [
    what: string,
    PromptFormat["method"],
    PromptFormat["style"],
    { input: string; options: string[] },
    first: [string, string],
    later: [string, string],
  ]
>([
  [
    "plain",
    "direct",
    "newline",
    { input: "x", options: labels },
    ["x", "\nyes"],
    ["\n\n\nx", "\nyes"],
  ],
  ["no label", "direct", "newline", { input: "x", options: [] }, ["x", "yes"], ["\n\n\nx", "yes"]],
  [
    "empty labels",
    "direct",
    "newline",
    { input: "x", options: [""] },
    ["x", "yes"],
    ["\n\n\nx", "yes"],
  ],
  [
    "no input",
    "direct",
    "newline",
    { input: "", options: labels },
    ["", "\nyes"],
    ["\n\n", "\nyes"],
  ],
  ["neither", "direct", "newline", { input: "", options: [] }, ["", "yes"], ["\n\n", "yes"]],
  [
    "plain",
    "channel",
    "newline",
    { input: "x", options: labels },
    ["\nx", "yes"],
    ["\nx", "\n\n\nyes"],
  ],
  ["no label", "channel", "newline", { input: "x", options: [] }, ["x", "yes"], ["x", "\n\n\nyes"]],
  [
    "no input",
    "channel",
    "newline",
    { input: "", options: labels },
    ["", "yes"],
    ["", "\n\n\nyes"],
  ],
  ["plain", "direct", "space", { input: "x", options: labels }, ["x", " yes"], [" x", " yes"]],
  ["no label", "direct", "space", { input: "x", options: [] }, ["x", " yes"], [" x", " yes"]],
  ["no input", "direct", "space", { input: "", options: labels }, ["", " yes"], [" ", " yes"]],
  ["plain", "channel", "space", { input: "x", options: labels }, [" x", "yes"], [" x", " yes"]],
  ["no label", "channel", "space", { input: "x", options: [] }, [" x", "yes"], [" x", " yes"]],
  ["no input", "channel", "space", { input: "", options: labels }, [" ", "yes"], [" ", " yes"]],
])("%s, %s, %s style", (_, method, style, { input, options }, first, later) => {
  const format = { method, style, separatorCompat } as const;
  const texts = (isFirst: boolean) => {
    const parts = promptParts(format, { input, answer: "yes", options }, isFirst);
    return [parts.input, parts.answer];
  };
  expect(texts(true)).toEqual(first);
  expect(texts(false)).toEqual(later);
});

test("the paper always has a newline between input and answer", () => {
  const free = { input: "x", answer: "y", options: [] };
  const format = { style: "newline", separatorCompat: "paper" } as const;
  expect(promptParts({ ...format, method: "direct" }, free, false)).toEqual({
    input: "\n\n\nx",
    answer: "\ny",
  });
  expect(promptParts({ ...format, method: "channel" }, free, true)).toEqual({
    input: "\nx",
    answer: "y",
  });
});
