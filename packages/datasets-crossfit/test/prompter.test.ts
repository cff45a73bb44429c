import type { LanguageModel, PromptRequest } from "@metalearn/core";
import { byteTokenizer } from "@metalearn/models-gpt2";
import { expect, test } from "vitest";
import plugin from "../src/index.js";

const begin = 1;
const tokenizer = { ...byteTokenizer, around: { before: [begin], after: [] } };
const model = { name: "m", tokenizer, maxTokens: 4096 } as unknown as LanguageModel; // a prompter reads no more

const options = plugin.tasks.crossfit.options.parse({ root: ".", setting: "none" });

async function questionOf(request: Partial<PromptRequest> & { input: string }) {
  const target = plugin.prompters.crossfit(
    options,
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
