import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { Learner } from "../src/contracts/learner.js";
import { MetaError } from "../src/errors.js";
import { mapParams, type Params } from "../src/params.js";
import {
  type LearnerProperty,
  type LearnerSubject,
  learnerChecks,
  testLearner,
} from "../src/testing/index.js";
import { outcomes } from "./support/outcomes.js";

/** `p - g / 10` on the first support batch, and the query gradient there: first-order MAML. */
function fomaml(tasks = 2): Learner {
  if (tasks < 1) throw new MetaError("BAD_OPTION", `tasks must be at least 1, but is ${tasks}.`);
  const adapt: Learner["adapt"] = (objective, params, support) =>
    support.reduce<Params>((at, batch) => {
      const { gradients } = objective.gradient(at, batch);
      return mapParams((p, g) => tf.sub(p, tf.mul(g, 0.1)), at, gradients);
    }, params);
  return {
    name: "first order",
    episodes: { tasks, support: 1, query: 1, querySource: "same-task", unit: "task" },
    adapt,
    metaGradient(objective, params, episodes, state) {
      const parts = episodes.map(({ support, query }) =>
        objective.gradient(adapt(objective, params, support, state), query),
      );
      const mean = (tensors: tf.Tensor[]) => tf.mean(tf.stack(tensors), 0);
      return {
        loss: mean(parts.map(({ loss }) => loss)) as tf.Scalar,
        gradients: mapParams((_, ...all) => mean(all), params, ...parts.map((p) => p.gradients)),
        state,
      };
    },
  };
}

const firstOrder = "a first-order approximation";
const badOptions = { tasks: () => fomaml(0) };

testLearner("a sound learner", {
  create: () => fomaml(),
  badOptions,
  skip: { gradient: firstOrder },
});

/** A learner that does something else for a meta-gradient. */
const instead = (change: (learner: Learner) => Partial<Learner>): LearnerSubject => ({
  create: () => ({ ...fomaml(), ...change(fomaml()) }),
});

/** A learner without adaptation, whose gradient is exact. */
const noAdaptation = (scale: number): LearnerSubject =>
  instead(() => ({
    adapt: (_, params) => params,
    metaGradient(objective, params, [episode], state) {
      const { loss, gradients } = objective.gradient(params, episode?.query ?? {});
      return { loss, gradients: mapParams((g) => tf.mul(g, scale), gradients), state };
    },
  }));

const kept: tf.Tensor[] = [];

const broken: Record<LearnerProperty, LearnerSubject> = {
  shapes: instead(({ metaGradient }) => ({
    metaGradient: (...args) => ({ ...metaGradient(...args), gradients: {} }),
  })),
  gradient: noAdaptation(1.05),
  loss: instead(({ metaGradient }) => ({
    metaGradient: (...args) => {
      const made = metaGradient(...args);
      return { ...made, loss: tf.mul(made.loss, 2) };
    },
  })),
  repeatable: instead(({ metaGradient }) => ({
    metaGradient: (...args) => {
      const made = metaGradient(...args);
      return { ...made, gradients: mapParams((g) => tf.mul(g, Math.random()), made.gradients) };
    },
  })),
  state: instead(({ metaGradient }) => {
    let calls = 0; // survives no checkpoint
    return {
      metaGradient: (...args) => {
        const made = metaGradient(...args);
        const scale = calls++ === 0 ? 2 : 1;
        return { ...made, gradients: mapParams((g) => tf.mul(g, scale), made.gradients) };
      },
    };
  }),
  compiled: instead(({ metaGradient }) => ({
    metaGradient: (objective, params, episodes, state) =>
      objective.compile((given: Params) => {
        const size = tf.sum(given["in.weight"] as tf.Tensor).dataSync()[0];
        if (Number.isNaN(size)) throw new Error("not a number");
        return metaGradient(objective, given, episodes, state);
      }, "reads")(params),
  })),
  inputs: instead(({ metaGradient }) => ({
    metaGradient(objective, params, episodes, state) {
      const made = metaGradient(objective, params, episodes, state);
      episodes[0]?.query.x?.dispose();
      return made;
    },
  })),
  leaks: instead(({ metaGradient }) => ({
    metaGradient(...args) {
      kept.push(tf.keep(tf.zeros([1])));
      return metaGradient(...args);
    },
  })),
  options: { create: () => fomaml(), badOptions: { tasks: () => fomaml(1) } },
};

describe("a check fails", () => {
  test.each(Object.entries(broken))("that of %s", async (property, subject) => {
    const found = await outcomes(learnerChecks, subject);
    expect(found[property]).toBeInstanceOf(Error);
  });
});

test("an exact learner passes the check of its gradient", async () => {
  expect((await outcomes(learnerChecks, noAdaptation(1))).gradient).toBe("passed");
});

test("a second-order learner is not one whose gradient is of first order", async () => {
  const found = await outcomes(learnerChecks, { create: () => fomaml() });
  expect(String(found.gradient)).toMatch(/got one that differs by \d+\.\d % of its norm/);
});

describe("an error of an option", () => {
  const errorOf = async (attempt: () => unknown) =>
    (await outcomes(learnerChecks, { create: () => fomaml(), badOptions: { tasks: attempt } }))
      .options;

  test.each([
    ["is missing", () => fomaml(1), "Expected an error for a bad tasks, got none."],
    [
      "is no MetaError",
      () => {
        throw new TypeError("x is undefined");
      },
      "Expected a MetaError for a bad tasks, got: x is undefined",
    ],
    [
      "names something else",
      () => Promise.reject(new MetaError("BAD_OPTION", "no good")),
      "Expected an error that names the bad option tasks, got: [BAD_OPTION] no good",
    ],
  ])("%s", async (_, attempt, message) => {
    expect(String(await errorOf(attempt))).toContain(message);
  });
});

describe("a skip", () => {
  test("carries its reason", () => {
    const checks = learnerChecks({ create: () => fomaml(), skip: { gradient: firstOrder } });
    expect(checks.filter(({ skip }) => skip !== undefined).map(({ skip }) => skip)).toEqual([
      firstOrder,
      "no bad options are given to try (badOptions)",
    ]);
  });

  test("of something that is not checked is an error that names what is", () => {
    const skip = { gradients: "no" } as LearnerSubject["skip"];
    expect(() => learnerChecks({ create: () => fomaml(), ...(skip && { skip }) })).toThrow(
      "[UNKNOWN_NAME] skip: expected the name of a check (shapes, gradient, loss",
    );
  });
});
