import type { LanguageModel, PromptRequest } from "@metalearn/core";
import { byteTokenizer } from "@metalearn/models-gpt2";
import { expect, test } from "vitest";
import plugin from "../src/index.js";

const begin = 1;
const tokenizer = { ...byteTokenizer, around: { before: [begin], after: [] } };
const model = { name: "m", tokenizer, maxTokens: 4096 } as unknown as LanguageModel; // a prompter reads no more

const options = plugin.tasks.crossfit.options.parse({ root: ".", setting: "none" });

async function questionOf(
  request: Partial<PromptRequest> & { input: string },
  format: unknown = options,
) {
  const target = plugin.prompters.crossfit(
    format,
    model,
  )({
    ...{ options: [], demonstrations: [] },
    ...request,
  });
  const [question] = await target.questions(100);
  return question;
}

const bytes = (text: string) => [...Buffer.from(text)];

test("free text without demonstrations is the text itself, after the checkpoint's first token", async () => {
  const input = "a".repeat(1000); // longer than an example of MetaICL's may be
  expect((await questionOf({ input }))?.prompt).toEqual([begin, ...bytes(input)]);
});

test("free text after demonstrations keeps all of its question", async () => {
  const input = "b".repeat(1000);
  const demonstrations = [{ input: "1", output: "2" }];
  const prompt = (await questionOf({ input, demonstrations }))?.prompt ?? [];
  expect(Buffer.from(prompt).toString()).toBe(`12\n\n\n${input}`);
});

test("a question that is cut tells how many tokens are kept of how many, and which options limit it", async () => {
  const limits = ["maxExampleTokens", "maxTokens"];
  // MetaICL's limit of an example is 256, of which 2 stay free; "\nbee" takes 4.
  const asked = { input: "a".repeat(900), options: ["ant", "bee"] };
  const cut = await questionOf(asked);
  expect(cut?.cut).toEqual({ input: { kept: 250, of: 900 }, limits });
  expect(cut?.sequences.map(({ ids }) => ids.length)).toEqual([254, 254]);
  // One demonstration: the sequence has room for 256, of which the question takes 254.
  const demonstrations = [{ input: "c".repeat(300), output: "ant" }];
  const shown = await questionOf({ ...asked, demonstrations });
  // Its own first 250 tokens and "\nant" were kept, and then the last 2 of them.
  expect(shown?.cut?.demonstrations).toEqual({ kept: 2, of: 304 });
  expect((await questionOf({ ...asked, input: "a".repeat(250) }))?.cut).toBeUndefined();
});

test("maxTokens: model reads as much as the model does", async () => {
  const limits = { root: ".", setting: "none", maxTokens: "model" };
  const whole = await questionOf(
    { input: "a".repeat(4000), options: ["ant", "bee"] },
    plugin.tasks.crossfit.options.parse(limits),
  );
  expect(whole?.cut).toBeUndefined();
  expect(whole?.sequences.map(({ ids }) => ids.length)).toEqual([4004, 4004]);
  const cut = await questionOf(
    { input: "a".repeat(5000), options: ["ant", "bee"] },
    plugin.tasks.crossfit.options.parse(limits),
  );
  // 4096 tokens, of which 2 stay free, and 4 are "\nbee".
  expect(cut?.cut?.input).toEqual({ kept: 4090, of: 5000 });
});

test("options are what is scored and shown: without white space around them", async () => {
  const question = await questionOf({ input: "x", options: [" ant ", "bee"] });
  expect(question?.options).toEqual(["ant", "bee"]);
  expect(question?.sequences.map(({ ids }) => Buffer.from(ids).toString())).toEqual([
    "x\nant",
    "x\nbee",
  ]);
});

test("two options that are the same text are refused", async () => {
  await expect(questionOf({ input: "x", options: ["ant", " ant"] })).rejects.toThrow(
    '[BAD_DATA] Expected different options, got "ant" twice.',
  );
});
