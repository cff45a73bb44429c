import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { hessianVectorProduct } from "../autodiff/gradients.js";
import { unitDirection } from "../autodiff/unitDirection.js";
import type { Batch } from "../batch/batch.js";
import { batchLoss } from "../batch/batchLoss.js";
import type { OptionBatch } from "../batch/optionBatch.js";
import { type TokenBatch, tokenBatch } from "../batch/tokenBatch.js";
import { isLanguageModel, type Model } from "../contracts/model.js";
import { readMore, readPrompt, readToken } from "../generate/readTokens.js";
import { createObjective } from "../objective/createObjective.js";
import { disposeParams, dotParams, type Params } from "../params.js";
import { tidy } from "../tidy.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { derivativeErrors } from "./finiteDifferences.js";
import { recording } from "./recording.js";
import { register } from "./register.js";
import { assertClose, assertNoLeak, assertSame, assertUntouched, isSame } from "./snapshot.js";
import { throughCheckpoint } from "./throughCheckpoint.js";

/** Name of a property that {@link testModel} checks. */
export type ModelProperty =
  | "seed"
  | "repeatable"
  | "gradient"
  | "hvp"
  | "symmetric"
  | "tokens"
  | "generation"
  | "files"
  | "compiled"
  | "segments"
  | "inputs"
  | "leaks"
  | "options";

/** A model to check. */
export interface ModelSubject extends Subject<ModelProperty> {
  create(): Model | Promise<Model>;
  /** Makes a batch that the model can read. */
  batch(): Batch;
  /**
   * Makes the parameters at which derivatives are checked. Initial parameters can be so small that second
   * derivatives vanish in float32 rounding.
   *
   * @default init(1)
   */
  params?(): Params;
}

async function problemOf(subject: ModelSubject) {
  const model = await subject.create();
  return { model, batch: subject.batch(), params: subject.params?.() ?? (await model.init(1)) };
}

/** Relative tolerance: central differences in float32 are accurate to about three digits. */
const tolerance = 5e-3;

const properties: Record<ModelProperty, Property<ModelSubject>> = {
  seed: {
    title: "the same seed gives the same parameters, and another seed others",
    async check({ create }) {
      const model = await create();
      const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => model.init(seed)));
      assertSame(same, one, "Seed 1 gave other parameters the second time.");
      assert.ok(!isSame(other, one), "Seed 2 gives the parameters of seed 1.");
    },
  },

  repeatable: {
    title: "the same parameters and batch give the same loss, bit for bit",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      assertSame(
        model.loss(params, batch),
        model.loss(params, batch),
        "A second call gave another loss. A Hessian-vector product has to see the dropout mask of the gradient: let the mask follow from the batch.",
      );
    },
  },

  gradient: {
    title: "the gradient is that of the loss, by finite differences",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      const { gradient } = derivativeErrors((p) => model.loss(p, batch), params);
      assert.ok(gradient < tolerance, `Relative error of the gradient: ${gradient}.`);
    },
  },

  hvp: {
    title: "the Hessian-vector product is that of the gradient, by finite differences",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      const { hvp } = derivativeErrors((p) => model.loss(p, batch), params);
      assert.ok(
        hvp < tolerance,
        `Relative error of the Hessian-vector product: ${hvp}. Does the model have a tf.customGrad that reads values, or whose gradient is not that of its value?`,
      );
    },
  },

  symmetric: {
    title: "the Hessian is symmetric",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      const [u, v] = [unitDirection(params, 1), unitDirection(params, 2)];
      const form = (a: Params, b: Params) => {
        const product = hessianVectorProduct((p) => model.loss(p, batch), params, b);
        return Number(dotParams(a, product).dataSync()[0]);
      };
      const [uHv, vHu, uHu, vHv] = [form(u, v), form(v, u), form(u, u), form(v, v)];
      const size = Math.max(...[uHv, vHu, uHu, vHv].map(Math.abs));
      assert.ok(
        Math.abs(uHv - vHu) <= 1e-4 * size,
        `Expected u H v = v H u, got ${uHv} and ${vHu}.`,
      );
    },
  },

  tokens: {
    title: "the loss is batchLoss of its token losses, for every kind of batch",
    skip: ({ batch }) => ("scoredIds" in batch() ? undefined : "no language model"),
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      assert.ok(isLanguageModel(model), "Expected a LanguageModel, since the batch has tokens.");
      const read = (scalar: tf.Tensor) => Number(scalar.dataSync()[0]);
      const options = twoOptions(batch as TokenBatch);
      for (const given of [batch as TokenBatch, options]) {
        const loss = read(model.loss(params, given));
        const expected = read(batchLoss(model.tokenLosses(params, given), given));
        assert.ok(
          Math.abs(loss - expected) <= 1e-5 * Math.abs(expected),
          `Expected batchLoss of tokenLosses, ${expected}, got a loss of ${loss}.`,
        );
      }
    },
  },

  generation: {
    title: "token by token, if it generates, it predicts as when it reads all at once",
    skip: ({ batch }) => ("scoredIds" in batch() ? undefined : "no language model"),
    async check(subject) {
      const { model, params } = await problemOf(subject);
      assert.ok(isLanguageModel(model), "A model that reads tokens has to be a LanguageModel.");
      const { generation, tokenLosses, tokenizer, maxTokens } = model;
      if (!generation) return;
      const length = Math.min(8, maxTokens);
      const ids = Array.from({ length }, (_, i) => (7 * i + 1) % tokenizer.vocabularySize);
      const wanted = tidy(() =>
        tokenLosses(params, tokenBatch([{ ids, scoredFrom: 1 }])).dataSync(),
      );
      const { readMore: more } = generation;
      // Of a prompt in two parts, the first is read into a cache that stays as it is.
      const begin = (first: number, shared: number) => {
        if (shared === 0 || !more) {
          return readPrompt(generation, params, ids.slice(0, first), length);
        }
        const before = readPrompt(generation, params, ids.slice(0, shared), length);
        const rest = { ids: ids.slice(shared, first), position: shared, capacity: length };
        const read = readMore({ readMore: more }, params, rest, before.cache);
        disposeParams({ logits: before.logits, ...before.cache });
        return read;
      };
      const prompts = [
        [1, 0],
        [length - 2, 0],
        [length - 2, 1],
        [length - 1, length - 3],
      ] as const;
      for (const [first, shared] of prompts.filter(([first, shared]) => shared < first)) {
        const losses: number[] = [];
        assertNoLeak(() => {
          let read = begin(first, Math.max(0, shared));
          losses.length = 0;
          for (let at = first; at < length; at++) {
            const { logits, cache } = read;
            losses.push(tidy(() => -Number(tf.logSoftmax(logits).dataSync()[ids[at] as number])));
            read = readToken(generation, params, { id: ids[at] as number, position: at }, cache);
            disposeParams({ logits, ...cache });
          }
          return read;
        });
        losses.forEach((loss, i) => {
          const whole = Number(wanted[first - 1 + i]);
          assert.ok(
            Math.abs(loss - whole) <= 1e-4 * Math.max(1, Math.abs(whole)),
            `After a prompt of ${first} tokens${shared > 0 ? `, ${shared} of them read before` : ""}, token ${first + i} has a loss of ${loss}, but ${whole} when all are read at once.`,
          );
        });
      }
    },
  },

  files: {
    title: "parameters survive saving and loading bit for bit, in the same order",
    async check(subject) {
      const { model, params } = await problemOf(subject);
      const state = { optimizer: { step: 0, update: 0, slots: {} } };
      const restored = (await throughCheckpoint(model, { params, state })).params;
      assertSame(restored, params, "The parameters from the file differ.");
    },
  },

  compiled: {
    title: "the loss and its gradient can be compiled: they read no tensor values",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      const [plain, compiled] = [{}, { runtime: recording }].map((options) =>
        createObjective(model, options).gradient(params, batch),
      );
      assertSame(compiled, plain, "Compiled, the loss or its gradient differs.");
    },
  },

  segments: {
    title: "segments, if it has any, give the loss and the derivatives of the whole model",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      if (!model.segments) return;
      const [whole, inSegments] = [false, true].map((gradientCheckpointing) => {
        const { gradient, hvp } = createObjective(model, { gradientCheckpointing });
        return [gradient(params, batch), hvp(params, batch, unitDirection(params, 1))];
      });
      assertClose(inSegments, whole, "Segment by segment, the loss or a derivative differs.");
    },
  },

  inputs: {
    title: "leaves parameters and batch as they were",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      assertUntouched({ params, batch }, () => createObjective(model).gradient(params, batch));
    },
  },

  leaks: {
    title: "leaks no tensors",
    async check(subject) {
      const { model, params, batch } = await problemOf(subject);
      assertNoLeak(() => model.loss(params, batch));
      assertNoLeak(() => tidy(() => createObjective(model).gradient(params, batch)));
    },
  },

  options: usefulErrors,
};

/** Makes an example of two options from the same tokens; the option that is scored first is correct. */
function twoOptions(batch: TokenBatch): OptionBatch {
  const last = batch.scoredIds.size - 1;
  return {
    ...batch,
    optionTokens: tf.tensor3d([0, last], [1, 2, 1], "int32"),
    optionMask: tf.ones([1, 2, 1]),
    optionOffsets: tf.zeros([1, 2]),
    gold: tf.tensor1d([0], "int32"),
  };
}

/** Makes the checks of a model, for test runners other than vitest. */
export function modelChecks(subject: ModelSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a model fulfils its contract.
 *
 * @example testModel("toy", { create: toyModel, batch: () => ({ x: tf.ones([5, 1]), y: tf.zeros([5, 1]) }) })
 */
export function testModel(title: string, subject: ModelSubject): void {
  register(title, modelChecks(subject));
}
