import { lora, softPrompt } from "@metalearn/adapters";
import { evaluate, type LanguageModel, mapParams, type TargetTask } from "@metalearn/core";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { llama } from "@metalearn/models-llama";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";

const size = { vocabularySize: 256, maxTokens: 96, width: 16, layers: 2, heads: 2 };
const ofLlama = llama(
  { ...size, keyValueHeads: 1, mlpWidth: 24, initializerRange: 0.3 },
  byteTokenizer,
);
const models: Readonly<Record<string, LanguageModel>> = {
  gpt2: gpt2({ ...size, initializerRange: 0.3 }, byteTokenizer),
  llama: ofLlama,
  lora: lora(ofLlama, { rank: 2, alpha: 4, targets: ["*.q_proj.weight"] }),
  "soft prompt": softPrompt(ofLlama, { tokens: 3 }),
};

const bytes = (text: string) => [...Buffer.from(text)];
const shots = "Two plus two is four. One plus one is two. ";
const prompts = [
  ...["Three plus one is", "Five plus", "Six"].map((question) => bytes(shots + question)),
  bytes("Another beginning, which is long enough to be shared by nobody"),
  bytes("short"),
  bytes(`${"z".repeat(70)}${shots}Six`), // too long: its beginning is cut
];

const target: TargetTask = {
  ...{ name: "free", unseenDomain: false, metric: "exact-match", isFreeForm: true },
  questions: async () =>
    prompts.map((prompt) => ({ options: [], sequences: [], gold: ["x"], prompt })),
};

test.each(Object.keys(models))(
  "answers in free text are those of whole prompts, though what prompts share is read once (%s)",
  async (name) => {
    const model = models[name] as LanguageModel;
    const params = mapParams((value) => tf.add(value, 0.01), await model.init(1));
    const { generation } = model;
    const { readMore, readPrompt, readToken } = generation as Required<
      NonNullable<typeof generation>
    >;
    let read = 0; // tokens of prompts
    const counting = {
      readToken,
      readPrompt: ((params, prompt, capacity) => {
        read += prompt.length.dataSync()[0] as number;
        return readPrompt(params, prompt, capacity);
      }) as typeof readPrompt,
    };
    const withMore: typeof readMore = (params, tokens, cache) => {
      read += tokens.length.dataSync()[0] as number;
      return readMore(params, tokens, cache);
    };
    const answersOf = async (generation: LanguageModel["generation"]) => {
      read = 0;
      const found: string[] = [];
      await evaluate({
        ...{
          model: { ...model, generation } as LanguageModel,
          params,
          targets: [target],
          seeds: [1],
        },
        maxNewTokens: 8,
        answers: {
          has: () => false,
          add: async (_, __, answers) => void found.push(...answers.map((one) => one.prediction)),
        },
      });
      return { found, read };
    };
    const tensors = tf.memory().numTensors;
    const whole = await answersOf(counting);
    const shared = await answersOf({ ...counting, readMore: withMore });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(shared.found).toEqual(whole.found);
    expect(new Set(shared.found).size).toBeGreaterThan(2);
    expect(whole.read - shared.read).toBe(2 * shots.length); // three prompts begin with it
  },
);
