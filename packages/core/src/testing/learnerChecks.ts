import assert from "node:assert/strict";
import type * as tf from "@tensorflow/tfjs";
import type { Learner, MetaGradient } from "../contracts/learner.js";
import { modelParams, withMetaParams } from "../contracts/learnerParams.js";
import type { Model } from "../contracts/model.js";
import type { Objective } from "../contracts/objective.js";
import type { MetaOptimizer, MetaState } from "../contracts/optimizer.js";
import type { Episode, TaskSampler } from "../contracts/task.js";
import { createObjective } from "../objective/createObjective.js";
import type { Params } from "../params.js";
import { mean } from "../statistics.js";
import { tidy } from "../tidy.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { slopeError } from "./finiteDifferences.js";
import { recording } from "./recording.js";
import { register } from "./register.js";
import { assertNoLeak, assertSame, assertUntouched, tensorsIn } from "./snapshot.js";
import { throughCheckpoint } from "./throughCheckpoint.js";
import { toyModel, toySampler } from "./toy.js";

/** Name of a property that {@link testLearner} checks. */
export type LearnerProperty =
  | "shapes"
  | "gradient"
  | "loss"
  | "repeatable"
  | "state"
  | "compiled"
  | "inputs"
  | "leaks"
  | "options";

/** A learner to check. */
export interface LearnerSubject extends Subject<LearnerProperty> {
  create(): Learner | Promise<Learner>;
  /** Outer optimizer, for learners that use its moments. @default one without moments */
  readonly optimizer?: Pick<MetaOptimizer, "init">;
  /** Model to meta-train. @default toyModel */
  readonly model?: Model;
  /** Makes a new sampler of episodes. @default toySampler(1) */
  sampler?(): TaskSampler;
}

/** A learner and its arguments for one meta-gradient. */
interface Problem {
  readonly learner: Learner;
  readonly model: Model;
  readonly objective: Objective;
  readonly params: Params;
  readonly episodes: readonly Episode[];
  readonly state: MetaState;
  metaGradient(
    other?: Partial<Pick<Problem, "learner" | "objective" | "params" | "state">>,
  ): MetaGradient;
  /** Adapts the parameters to the support of an episode. */
  adapt(episode: Episode): Params;
}

async function problemOf(subject: LearnerSubject): Promise<Problem> {
  const { model = toyModel(), sampler = () => toySampler(1), optimizer } = subject;
  const learner = await subject.create();
  const params = withMetaParams(learner, await model.init(1));
  // Learners that train without support are given some, so that `adapt` can be checked.
  const support = Math.max(1, learner.episodes.support);
  const episodes = sampler().next({ ...learner.episodes, support });
  const objective = createObjective(model);
  const fresh = optimizer?.init(params) ?? { step: 0, update: 0, slots: {} };
  // After a first meta-gradient, the state holds everything that the learner carries between updates.
  const { state } = tidy(() =>
    learner.metaGradient(objective, params, episodes, { optimizer: fresh }),
  );
  const given = { learner, objective, params, state };
  return {
    ...given,
    model,
    episodes,
    metaGradient: (other) => {
      const { learner, objective, params, state } = { ...given, ...other };
      return tidy(() => learner.metaGradient(objective, params, episodes, state));
    },
    adapt: ({ support }) => tidy(() => learner.adapt(objective, params, support, state)),
  };
}

const read = (scalar: tf.Tensor) => Number(scalar.dataSync()[0]);

const properties: Record<LearnerProperty, Property<LearnerSubject>> = {
  shapes: {
    title:
      "meta-gradients have the names and shapes of all parameters, adapted parameters those of the model",
    async check(subject) {
      const { params, episodes, metaGradient, adapt } = await problemOf(subject);
      const shapes = (tensors: Params) =>
        Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
      assert.deepEqual(shapes(metaGradient().gradients), shapes(params));
      assert.deepEqual(shapes(adapt(episodes[0] as Episode)), shapes(modelParams(params)));
    },
  },

  gradient: {
    title: "the meta-gradient is that of the loss, by finite differences",
    async check(subject) {
      const { params, metaGradient } = await problemOf(subject);
      const lossAt = (params: Params) => read(metaGradient({ params }).loss);
      const { gradients } = metaGradient();
      for (const seed of [1, 2, 3]) {
        const error = slopeError(lossAt, params, gradients, seed);
        assert.ok(
          error < 5e-3,
          `Expected the meta-gradient of the loss, got one that differs by ${(100 * error).toFixed(1)} % of its norm.`,
        );
      }
    },
  },

  loss: {
    title: "the loss is the mean query loss at the adapted parameters",
    async check(subject) {
      const { objective, episodes, metaGradient, adapt } = await problemOf(subject);
      const losses = episodes.map((episode) => read(objective.loss(adapt(episode), episode.query)));
      const expected = mean(losses);
      const loss = read(metaGradient().loss);
      assert.ok(
        Math.abs(loss - expected) <= 1e-5 * Math.abs(expected),
        `Expected the query loss after adapt, ${expected}, got ${loss}.`,
      );
    },
  },

  repeatable: {
    title: "the same arguments give the same result, bit for bit",
    async check(subject) {
      const { episodes, metaGradient, adapt } = await problemOf(subject);
      assertSame(metaGradient(), metaGradient(), "A second call gave another meta-gradient.");
      const [episode] = episodes as [Episode];
      assertSame(adapt(episode), adapt(episode), "A second call adapted otherwise.");
    },
  },

  state: {
    title: "resumes from a checkpoint as if it had never stopped",
    async check(subject) {
      const { model, params, state, metaGradient } = await problemOf(subject);
      const restored = await throughCheckpoint(model, { params, state });
      const learner = await subject.create(); // as in a new process
      assertSame(
        metaGradient({ ...restored, learner }),
        metaGradient(),
        "What follows a checkpoint differs from what would have followed without.",
      );
    },
  },

  compiled: {
    title: "can be compiled: results are the same, and compiled functions read no tensor values",
    async check(subject) {
      const { model, metaGradient } = await problemOf(subject);
      const objective = createObjective(model, { runtime: recording });
      assertSame(metaGradient({ objective }), metaGradient(), "Compiled, it gives another result.");
    },
  },

  inputs: {
    title: "leaves its arguments as they were",
    async check(subject) {
      const { params, state, episodes, metaGradient, adapt } = await problemOf(subject);
      const results = () => [metaGradient(), adapt(episodes[0] as Episode)];
      assertUntouched({ params, state, episodes }, () => {
        results();
      });
    },
  },

  leaks: {
    title: "leaks no tensors",
    async check(subject) {
      const { params, state, episodes, metaGradient, adapt } = await problemOf(subject);
      const own = new Set([...tensorsIn(params), ...tensorsIn(state)]);
      const madeBy = (result: unknown) => tensorsIn(result).filter((tensor) => !own.has(tensor));
      assertNoLeak(() => madeBy(metaGradient()));
      assertNoLeak(() => madeBy(adapt(episodes[0] as Episode)));
    },
  },

  options: usefulErrors,
};

/** Makes the checks of a learner, for test runners other than vitest. */
export function learnerChecks(subject: LearnerSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a learner fulfils its contract.
 *
 * @example
 * testLearner("reptile", {
 *   create: () => reptile({ innerOptimizer: sgd({ learningRate: 0.1 }) }),
 *   skip: { gradient: "Reptile descends along adapted parameters, not along a gradient" },
 * });
 */
export function testLearner(title: string, subject: LearnerSubject): void {
  register(title, learnerChecks(subject));
}
