import { readFile } from "node:fs/promises";
import {
  type LanguageModel,
  type Params,
  randomFor,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import { readSafetensors } from "@metalearn/core/files";
import { questionScorer, scoreSequences, testModel } from "@metalearn/core/testing";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, parameterShapes } from "../src/index.js";
import { type RotaryConfig, rotaryArchitecture, rotaryModel } from "./support/rotaryModel.js";

const inFolder = temporaryFolder();

const tied: RotaryConfig = {
  vocabularySize: 256,
  maxTokens: 64,
  width: 16,
  inner: 24,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  theta: 1e4,
  epsilon: 1e-5,
  isTied: true,
};
const untied = { ...tied, keyValueHeads: 1, isTied: false };

/** Far from the initial ones, so that every parameter shows in the losses. */
function randomParams(config: RotaryConfig): Params {
  const shapes = Object.entries(parameterShapes(rotaryArchitecture(config)));
  return Object.fromEntries(
    shapes.map(([name, shape]) => {
      const random = randomFor("transformer test", name);
      const centre = shape.length === 1 ? 1 : 0;
      const size = tf.util.sizeFromShape(shape);
      const values = Array.from({ length: size }, () => centre + 0.2 * random.normal());
      return [name, tf.tensor(values, shape)];
    }),
  );
}

const sequence = (text: string, scored: number): TokenSequence => {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
};

describe.each([
  ["with a tied head and two heads per key", tied],
  ["with a head of its own and one key for all", untied],
])("an architecture %s", (title, config) => {
  const model = rotaryModel(config, byteTokenizer);

  testModel(title, {
    create: () => model,
    batch: () => tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]),
    params: () => randomParams(config),
  });

  const demonstrations = "one two three four five six seven eight ";
  const questions = ["ab", "c", "def"].map((query) => ({
    sequences: [": no", ": yes", ": nobody"].map((option) =>
      sequence(`${demonstrations}${query}${option}`, option.length),
    ),
  }));
  const sequences = questions.flatMap((question) => question.sequences);

  async function scores(of: LanguageModel, params: Params, all: readonly TokenSequence[]) {
    const full = await scoreSequences({ model: of, params, sequences: all });
    const shared = await questionScorer({ model: of, params })(questions);
    return { full, shared };
  }

  function expectClose(actual: readonly number[], wanted: readonly number[]): void {
    expect(actual).toHaveLength(wanted.length);
    actual.forEach((value, i) => {
      expect(Math.abs(value - Number(wanted[i]))).toBeLessThan(2e-5 * Number(wanted[i]));
    });
  }

  test("reads what questions share once, with the scores of full sequences", async () => {
    const { full, shared } = await scores(model, randomParams(config), sequences);
    expectClose(shared, full);
  });

  test("reads a soft prompt as the tokens whose embeddings it is", async () => {
    const params = randomParams(config);
    const prompt = byteTokenizer.encode("soft");
    const table = params["embed_tokens.weight"] as tf.Tensor2D;
    const embeddings = () => tf.gather(table, tf.tensor1d(prompt, "int32")) as tf.Tensor2D;
    const prompted = model.prompts?.prompted(prompt.length, embeddings);
    expect(prompted?.maxTokens).toBe(config.maxTokens - prompt.length);
    const longer = sequences.map(({ ids, scoredFrom }) => ({
      ids: [...prompt, ...ids],
      scoredFrom: scoredFrom + prompt.length,
    }));
    const wanted = await scoreSequences({ model, params, sequences: longer });
    const { full, shared } = await scores({ ...model, ...prompted }, params, sequences);
    expectClose(full, wanted);
    expectClose(shared, wanted);
  });

  test("has the names of transformers in its files", async () => {
    await model.save?.(await model.init(1), inFolder());
    const stored = await readSafetensors(inFolder("model.safetensors"));
    expect(stored["model.layers.0.self_attn.k_proj.weight"]?.shape).toEqual([
      4 * config.keyValueHeads,
      16,
    ]);
    expect(stored["lm_head.weight"]?.shape).toEqual(config.isTied ? undefined : [256, 16]);
    const written = JSON.parse(await readFile(inFolder("config.json"), "utf8"));
    expect(written).toEqual({
      model_type: "llama",
      tie_word_embeddings: config.isTied,
      dtype: "float32",
    });
  });
});
