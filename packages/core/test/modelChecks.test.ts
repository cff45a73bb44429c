import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { type TokenBatch, tokenBatch } from "../src/batch/tokenBatch.js";
import type { Model, TokenReader } from "../src/contracts/model.js";
import { MetaError } from "../src/errors.js";
import type { Params } from "../src/params.js";
import {
  type ModelProperty,
  type ModelSubject,
  modelChecks,
  testModel,
  toyModel,
} from "../src/testing/index.js";
import { bigramModel, bigramReader } from "./support/bigramModel.js";
import { outcomes } from "./support/outcomes.js";

const batch = () => ({
  x: tf.tensor2d([-2, -1, 0.5, 1.5], [4, 1]),
  y: tf.tensor2d([1, 0, -1, 0.5], [4, 1]),
});

const refuse = () => {
  throw new MetaError("BAD_OPTION", "width must be at least 1, but is 0.");
};

/** The toy model in two segments, whose loss counts `scale` times. */
const inSegments = (scale: number): Pick<Model, "segments"> => ({
  segments: [
    {
      params: { weight: "in.weight" },
      apply: ({ weight }, _, { x }) => ({
        hidden: tf.tanh(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D)),
      }),
    },
    {
      params: { weight: "out.weight" },
      apply({ weight }, { hidden }, { y }) {
        const output = tf.matMul(hidden as tf.Tensor2D, weight as tf.Tensor2D);
        const loss = tf.mean(tf.square(tf.sub(output, y as tf.Tensor)));
        return { loss: tf.mul(loss, scale) };
      },
    },
  ],
});

testModel("a sound model", { create: toyModel, batch, badOptions: { width: refuse } });

testModel("a sound model in segments", {
  create: () => ({ ...toyModel(), ...inSegments(1) }),
  batch,
  skip: { options: "it has none" },
});

testModel("a sound language model", {
  create: () => bigramModel,
  batch: () => tokenBatch([{ ids: [0, 3, 1], scoredFrom: 1 }]),
  skip: { seed: "it has one table", options: "it has none" },
});

const instead = (change: (model: Model) => Partial<Model>): ModelSubject => ({
  create: () => ({ ...toyModel(), ...change(toyModel()) }),
  batch,
});

/** `f` with a gradient that is `slope` times what is right. */
const misguided = (slope: (dy: tf.Tensor) => tf.Tensor) =>
  instead(({ loss }) => ({
    loss: (params, given) => {
      const f = tf.customGrad((x) => ({
        value: tf.clone(x as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => slope(dy),
      }));
      return f(loss(params, given)) as tf.Scalar;
    },
  }));

const kept: tf.Tensor[] = [];

const broken: Record<ModelProperty, ModelSubject> = {
  seed: instead(({ init }) => ({ init: () => init(1) })),
  // Drops out anew with every call.
  repeatable: instead(({ loss }) => ({
    loss: (params, given) =>
      loss(
        Object.fromEntries(Object.entries(params).map(([name, t]) => [name, tf.dropout(t, 0.5)])),
        given,
      ),
  })),
  gradient: misguided((dy) => tf.mul(dy, 1.05)),
  // Of second derivatives, the values that a gradient reads are not followed.
  hvp: instead(({ loss }) => ({
    loss: (params, given) => {
      const f = tf.customGrad((x) => {
        const [value] = (x as tf.Tensor).dataSync();
        return {
          value: tf.square(x as tf.Tensor),
          gradFunc: (dy: tf.Tensor) => tf.mul(dy, 2 * Number(value)),
        };
      });
      return f(loss(params, given)) as tf.Scalar;
    },
  })),
  symmetric: instead(() => ({
    // The gradient by a is b; that by b is 0: no function has these.
    loss: (params: Params) => {
      const f = tf.customGrad((a, b, save) => {
        (save as tf.GradSaveFunc)([b as tf.Tensor]);
        return {
          value: tf.sum(a as tf.Tensor),
          gradFunc: (dy: tf.Tensor, [b]: tf.Tensor[]) => [
            tf.mul(dy, b as tf.Tensor),
            tf.zeros([6]),
          ],
        };
      });
      const [a, b] = ["in.weight", "out.weight"].map((name) =>
        tf.reshape(params[name] as tf.Tensor, [6]),
      );
      return f(a as tf.Tensor, b as tf.Tensor) as tf.Scalar;
    },
  })),
  // Blind to options.
  tokens: {
    create: () => ({
      ...bigramModel,
      loss: (params: Params, batch: TokenBatch) =>
        tf.sum(tf.mul(bigramModel.tokenLosses(params, batch), batch.scoredWeights)) as tf.Scalar,
    }),
    batch: () => tokenBatch([{ ids: [0, 3, 1], scoredFrom: 1 }]),
  },
  // Takes every token for the first of the vocabulary.
  generation: {
    create: () => ({
      ...bigramModel,
      generation: {
        ...bigramReader,
        readToken(params, { position }, cache) {
          return bigramReader.readToken(params, { id: tf.zerosLike(position), position }, cache);
        },
      } satisfies TokenReader,
    }),
    batch: () => tokenBatch([{ ids: [0, 3, 1], scoredFrom: 1 }]),
  },
  files: instead(() => ({
    save: async () => {},
    load: async () => ({ "in.weight": tf.zeros([1, 6]), "out.weight": tf.zeros([6, 1]) }),
  })),
  compiled: instead(({ loss }) => ({
    loss: (params, given) => {
      if (given.x?.dataSync().length === 0) throw new Error("empty");
      return loss(params, given);
    },
  })),
  segments: instead(() => inSegments(2)),
  inputs: instead(({ loss }) => ({
    loss: (params, given) => {
      const made = loss(params, given);
      given.y?.dispose();
      return made;
    },
  })),
  leaks: instead(({ loss }) => ({
    loss: (params, given) => {
      kept.push(tf.keep(tf.zeros([1])));
      return loss(params, given);
    },
  })),
  options: { create: toyModel, batch, badOptions: { width: toyModel } },
};

test.each(Object.entries(broken))("the check of %s fails", async (property, subject) => {
  const found = await outcomes(modelChecks, subject);
  expect(found[property]).toBeInstanceOf(Error);
});
