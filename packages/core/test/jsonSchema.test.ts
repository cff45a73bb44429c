import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configJsonSchema } from "../src/config/jsonSchema.js";
import type { Learner } from "../src/contracts/learner.js";
import type { MetaOptimizer } from "../src/contracts/optimizer.js";
import { defineFactory, definePlugin } from "../src/plugin/plugin.js";
import { referenceTo } from "../src/plugin/reference.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { component } from "./support/plainPlugin.js";

const plugin = definePlugin({
  name: "test",
  optimizers: {
    sgd: defineFactory(z.strictObject({ learningRate: z.number().min(0) }), () =>
      component<MetaOptimizer>({}),
    ),
  },
  learners: {
    plain: defineFactory(z.strictObject({}), () => component<Learner>({})),
    maml: defineFactory(
      z.strictObject({
        innerOptimizer: referenceTo("optimizer"),
        innerSteps: z.int().min(1).default(1),
      }),
      () => component<Learner>({}),
    ),
  },
});
const schema = configJsonSchema(createToolkit([plugin]));
const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(
  JSON.parse(JSON.stringify(schema)),
);

/** Where a validator of its own finds mistakes. */
const mistakesIn = (config: unknown) =>
  validate(config) ? [] : (validate.errors ?? []).map(({ instancePath }) => instancePath);

const maml = { use: "maml", innerOptimizer: { use: "sgd", learningRate: 0.1 } };

describe("the JSON Schema of a config", () => {
  test.each([
    ["whole components", { learner: maml, optimizer: { use: "sgd", learningRate: 1 } }],
    ["parts of them, which another file completes", { learner: { innerSteps: 3 } }],
    ["what takes a component away", { compare: { runs: { untrained: { learner: null } } } }],
    [
      "what a run changes, and its grid",
      { compare: { runs: { a: { learner: maml, sweep: {} } } } },
    ],
    ["a base, plugins and where the schema is", { extends: "preset:a", plugins: [], $schema: "s" }],
    ["a learner to adapt with", { evaluate: { adapt: maml, seeds: [1] } }],
    ["the run's own learner", { evaluate: { adapt: "own" } }],
  ])("accepts %s", (_, config) => {
    expect(mistakesIn(config)).toEqual([]);
  });

  test.each([
    ["an unknown key", { modle: {} }, ""],
    ["an unknown component", { learner: { use: "mml" } }, "/learner/use"],
    ["an option of another component", { learner: { use: "plain", innerSteps: 2 } }, "/learner"],
    ["a value out of range", { learner: { ...maml, innerSteps: 0 } }, "/learner/innerSteps"],
    [
      "a mistake in a component that options name",
      { learner: { ...maml, innerOptimizer: { use: "sgd", rate: 1 } } },
      "/learner/innerOptimizer",
    ],
    ["a mistake in a run", { compare: { runs: { a: { train: { step: 1 } } } } }, "/compare/runs/a"],
    ["a run in a run", { compare: { runs: { a: { compare: {} } } } }, "/compare/runs/a"],
    ["a component of a kind that there is none of", { tracker: { use: "x" } }, "/tracker"],
  ])("refuses %s where it stands", (_, config, place) => {
    expect(mistakesIn(config).some((path) => path.startsWith(place))).toBe(true);
    expect(mistakesIn(config)).not.toEqual([]);
  });

  test("tells editors defaults and what keys mean", () => {
    const { properties } = schema as { properties: Record<string, Record<string, unknown>> };
    expect(properties.out).toMatchObject({
      default: "runs",
      description: "The folder for results.",
    });
  });
});
