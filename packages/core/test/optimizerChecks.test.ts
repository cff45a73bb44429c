import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import {
  defineOptimizer,
  type MetaOptimizer,
  type UpdateRule,
} from "../src/contracts/optimizer.js";
import { MetaError } from "../src/errors.js";
import { globalNorm, mapParams, type Params } from "../src/params.js";
import {
  type OptimizerProperty,
  type OptimizerSubject,
  optimizerChecks,
  testMetaOptimizer,
} from "../src/testing/index.js";
import { outcomes } from "./support/outcomes.js";

/** `m = g + m / 2, p - m / 10` */
const momentum: UpdateRule = {
  name: "momentum",
  slotNames: ["m"],
  init: (params) => ({
    step: 0,
    update: 0,
    slots: { m: mapParams((p) => tf.zerosLike(p), params) },
  }),
  coefficients: () => ({}),
  apply({ gradients, slots, params }) {
    const m = mapParams((g, m) => tf.add(g, tf.mul(m, 0.5)), gradients, slots.m as Params);
    return { params: mapParams((p, m) => tf.sub(p, tf.mul(m, 0.1)), params, m), slots: { m } };
  },
  adjoint(_, __, { params, slots }) {
    const through = mapParams((bar) => tf.mul(bar, -0.1), params);
    const m = slots.m ? mapParams((a, b) => tf.add(a, b), through, slots.m) : through;
    return { params, gradients: m, slots: { m: mapParams((bar) => tf.mul(bar, 0.5), m) } };
  },
  learningRate: () => 0.1,
};

const refuse = () => {
  throw new MetaError("BAD_OPTION", "learningRate must be a number.");
};

testMetaOptimizer("a sound optimizer", {
  create: () => defineOptimizer(momentum),
  badOptions: { learningRate: refuse },
});

const instead = (change: Partial<UpdateRule>): OptimizerSubject => ({
  create: () => defineOptimizer({ ...momentum, ...change }),
});

/** Differs in what `update` does, not in `apply`. */
const updating = (update: MetaOptimizer["update"]): OptimizerSubject => ({
  create: () => ({ ...defineOptimizer(momentum), update }),
});

const sound = defineOptimizer(momentum);
const kept: tf.Tensor[] = [];

const broken: Record<OptimizerProperty, OptimizerSubject> = {
  results: updating((gradients, state, params) => ({
    ...sound.update(gradients, state, params),
    state, // not counted
  })),
  adjoint: instead({
    adjoint: (...args) => {
      const right = momentum.adjoint(...args);
      return { ...right, gradients: mapParams((g) => tf.mul(g, 1.02), right.gradients) };
    },
  }),
  parts: instead({
    apply: ({ gradients, slots, params }, c) => {
      const norm = globalNorm(gradients); // of what it is given, not of all
      const scaled = mapParams((g) => tf.div(g, norm), gradients);
      return momentum.apply({ gradients: scaled, slots, params }, c);
    },
  }),
  kinds: instead({
    apply: ({ gradients, slots, params }, c) => {
      const faster = Object.entries(gradients).map(([name, g]) => [
        name,
        name === "b" ? tf.mul(g, 2) : g,
      ]);
      return momentum.apply({ gradients: Object.fromEntries(faster), slots, params }, c);
    },
  }),
  repeatable: instead({ coefficients: () => ({ noise: Math.random() }), apply: noisy }),
  state: {
    create: () => {
      let calls = 0; // survives no checkpoint
      return defineOptimizer({
        ...momentum,
        coefficients: () => ({ noise: calls++ === 0 ? 0 : 1 }),
        apply: noisy,
      });
    },
  },
  compiled: instead({
    apply: (input, c) => {
      if (Object.values(input.gradients).some((g) => Number.isNaN(g.dataSync()[0]))) {
        throw new Error("not a number");
      }
      return momentum.apply(input, c);
    },
  }),
  inputs: updating((gradients, state, params) => {
    const next = sound.update(gradients, state, params);
    gradients.b?.dispose();
    return next;
  }),
  leaks: updating((gradients, state, params) => {
    kept.push(tf.zeros([1]));
    return sound.update(gradients, state, params);
  }),
  options: { create: () => sound, badOptions: { learningRate: () => sound } },
};

/** An update that is scaled by a number which nothing should depend on. */
function noisy(...[input, c]: Parameters<UpdateRule["apply"]>) {
  const scale = tf.add(1, c.noise as tf.Scalar);
  const gradients = mapParams((g) => tf.mul(g, scale), input.gradients);
  return momentum.apply({ ...input, gradients }, c);
}

test.each(Object.entries(broken))("the check of %s fails", async (property, subject) => {
  const found = await outcomes(optimizerChecks, subject);
  expect(found[property]).toBeInstanceOf(Error);
});
