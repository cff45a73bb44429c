import {
  disposeParams,
  filterParams,
  isPredictor,
  type LanguageModel,
  type Model,
  type Params,
  questionScorer,
  tokenBatch,
} from "@metalearn/core";
import { derivativeErrors, testModel, toyModel } from "@metalearn/core/testing";
import { mlp } from "@metalearn/models-mlp";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { lora, mergeLora } from "../src/index.js";
import { distance, model, sequence, shaken } from "./support/tinyGpt2.js";
import { llamaModel } from "./support/tinyLlama.js";

const targets = ["*.c_attn.weight", "*.c_proj.weight", "*.c_fc.weight"];
const adapted = lora(model, { rank: 3, alpha: 6, targets });
const batch = tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]);
const isLora = (name: string) => name.includes(".lora_");

/** Parameters whose adapters change the model. */
async function changed(): Promise<Params> {
  const params = await adapted.init(4);
  return { ...params, ...shaken(filterParams(params, isLora), 0.3) };
}

const initial = await adapted.init(4);

testModel("lora", {
  create: () => adapted,
  batch: () => batch,
  // Small embeddings bend the loss within the steps of finite differences: norms divide by them.
  params: () => shaken(initial, 0.3),
  badOptions: { rank: () => lora(model, { targets, rank: 0 }) },
});

describe("lora", () => {
  test("adds alpha / rank (B A)^T to a matrix", async () => {
    const one: Model = {
      name: "one matrix",
      init: async () => ({ W: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]) }),
      loss: ({ W }) =>
        tf.sum(
          tf.mul(W as tf.Tensor, [
            [1, 10, 100],
            [1_000, 10_000, 100_000],
          ]),
        ),
    };
    const params = {
      ...(await one.init(1)),
      "W.lora_A": tf.tensor2d([1, 2], [1, 2]),
      "W.lora_B": tf.tensor2d([1, 0, -1], [3, 1]),
    };
    // (B A)^T = [[1, 0, -1], [2, 0, -2]]; half of it is added: [[1.5, 2, 2.5], [5, 5, 5]].
    const half = lora(one, { rank: 1, alpha: 0.5, targets: ["W"] });
    expect(half.loss(params, {}).dataSync()[0]).toBe(1.5 + 20 + 250 + 5_000 + 50_000 + 500_000);
    expect(mergeLora(one, params, { alpha: 0.5 }).W?.arraySync()).toEqual([
      [1.5, 2, 2.5],
      [5, 5, 5],
    ]);
  });

  test("adds alpha / rank B A to a matrix that is stored [out, in]", () => {
    const transposed = { peft: { prefix: "", linear: ["*"], fanInFanOut: false } };
    const params = {
      W: tf.tensor2d([1, 2, 3, 4], [2, 2]),
      "W.lora_A": tf.tensor2d([1, 2], [1, 2]),
      "W.lora_B": tf.tensor2d([10, 100], [2, 1]),
    };
    // B A = [[10, 20], [100, 200]]; half of it is added.
    expect(mergeLora(transposed, params, { alpha: 0.5 }).W?.arraySync()).toEqual([
      [6, 12],
      [53, 104],
    ]);
  });

  test("draws A by the inputs of matrices that are stored [out, in]", async () => {
    const params = await lora(llamaModel, { rank: 3, targets: ["*.down_proj.weight"] }).init(1);
    const name = "layers.0.mlp.down_proj";
    expect(params[`${name}.weight`]?.shape).toEqual([8, 12]);
    expect(params[`${name}.lora_A`]?.shape).toEqual([3, 12]);
    expect(params[`${name}.lora_B`]?.shape).toEqual([8, 3]);
  });

  test("at first computes exactly what the model does", async () => {
    const params = await adapted.init(3);
    const plain = await model.init(3);
    expect(adapted.loss(params, batch).dataSync()).toEqual(model.loss(plain, batch).dataSync());
    expect(adapted.tokenLosses(params, batch).dataSync()).toEqual(
      model.tokenLosses(plain, batch).dataSync(),
    );
  });

  test("draws A within 1 / sqrt(in), differently for every matrix and seed, and B as zero", async () => {
    const [one, again, other] = await Promise.all([1, 1, 2].map((seed) => adapted.init(seed)));
    const values = (params: Params | undefined, name: string) =>
      Array.from(params?.[name]?.dataSync() ?? []);
    const name = "h.0.mlp.c_proj.lora_A"; // [3, 32]
    expect(one?.[name]?.shape).toEqual([3, 32]);
    expect(one?.["h.0.mlp.c_proj.lora_B"]?.shape).toEqual([8, 3]);
    const largest = Math.max(...values(one, name).map(Math.abs));
    expect(largest).toBeLessThan(1 / Math.sqrt(32));
    expect(largest).toBeGreaterThan(0.9 / Math.sqrt(32));
    expect(values(again, name)).toEqual(values(one, name));
    expect(values(other, name)).not.toEqual(values(one, name));
    expect(values(one, "h.1.mlp.c_proj.lora_A")).not.toEqual(values(one, name));
    expect(new Set(values(one, "h.0.mlp.c_proj.lora_B"))).toEqual(new Set([0]));
  });

  test("has derivatives beside a frozen base that agree with central differences", () => {
    const params = shaken(initial, 0.3);
    const frozen = filterParams(params, (name) => !isLora(name));
    const own = filterParams(params, isLora);
    const ofOwn = derivativeErrors((p) => adapted.loss({ ...frozen, ...p }, batch), own);
    expect(ofOwn.gradient).toBeLessThan(5e-3);
    expect(ofOwn.hvp).toBeLessThan(5e-3);
  });

  test("is scored as the plain model is at merged parameters, shared beginnings included", async () => {
    const params = await changed();
    const merged = mergeLora(model, params, { alpha: 6 });
    expect(Object.keys(merged)).toEqual(Object.keys(await model.init(1)));
    expect(merged["wte.weight"]).toBe(params["wte.weight"]);
    const beginning = "the same thirty-three bytes or more, ";
    const questions = ["one", "other"].map((input) => ({
      sequences: ["x", "yz"].map((option) =>
        sequence(`${beginning}${input}${option}`, option.length),
      ),
    }));
    const scores = (of: LanguageModel, at: Params) =>
      questionScorer({ model: of, params: at })(questions);
    const expected = await scores(model, merged);
    expect(distance(await scores(adapted, params), expected)).toBeLessThan(1e-6);
    expect(distance(await scores(model, params), expected)).toBeGreaterThan(1e-3);
  });

  test("does not offer what would not see the adapters", () => {
    expect(adapted).not.toHaveProperty("logits");
  });
});

describe("bad options", () => {
  test.each([
    [{ targets: [] }, "targets: expected a list of at least 1, got []."],
    [{ rank: 0 }, "rank: expected a whole number of at least 1, got 0."],
    [{ rank: 1.5 }, "rank: expected a whole number, got 1.5."],
    [{ alpha: 0 }, "alpha: expected a number above 0, got 0."],
    [{ alpha: Number.NaN }, "alpha: expected a number, got NaN."],
  ])("%j is refused", (options, message) => {
    expect(() => lora(model, { targets, ...options })).toThrow(`[BAD_OPTION] ${message}`);
  });

  test.each([
    [["*.attn.q.weight"], 'lora: targets: no parameter is called "*.attn.q.weight".'],
    [
      ["*.c_attn.*"],
      "lora: targets: expected matrices of linear layers, such as h.0.attn.c_attn.weight, h.0.attn.c_proj.weight, h.0.mlp.c_fc.weight, h.0.mlp.c_proj.weight, got h.0.attn.c_attn.bias, of shape [24].",
    ],
    // PEFT would take its tensors for those of an embedding.
    [["wte.weight"], "got wte.weight, of shape [256,8]."],
  ])("the targets %j are refused, and nothing is left behind", async (targets, message) => {
    const before = tf.memory().numTensors;
    await expect(lora(model, { targets }).init(1)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("any model can have a LoRA", async () => {
  const toy = toyModel();
  const params = await lora(toy, { rank: 2, targets: ["in.weight"] }).init(1);
  expect(Object.keys(params)).toEqual(["in.weight", "out.weight", "in.lora_A", "in.lora_B"]);
  disposeParams(params);
});

test("a predictor with a LoRA predicts as the plain one does at merged parameters", async () => {
  const plain = mlp({ sizes: [2, 3, 1], loss: "mse" });
  const predictor = lora(plain, { rank: 1, alpha: 2, targets: ["*.weight"] });
  const drawn = shaken(await predictor.init(1), 0.5);
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  if (!isPredictor(predictor)) throw new Error("it no longer predicts");
  const merged = mergeLora(plain, drawn, { alpha: 2 });
  expect(predictor.outputs(drawn, x).arraySync()).toEqual(plain.outputs(merged, x).arraySync());
});
