import { checkConfig, resolveRun, runsOf } from "@metalearn/core/runs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configMistakes } from "./support/configMistakes.js";
import { blocksIn } from "./support/documents.js";
import { officialToolkit } from "./support/officialToolkit.js";

// YAML that is no config is written as `yml`.
const configs = blocksIn("yaml").map(({ code, ...place }) => ({ ...place, config: parse(code) }));

test.each(configs)("$file, line $line, is a config or a part of one", ({ config }) => {
  expect(configMistakes(config)).toEqual([]);
});

/** Configs that could run if their data existed. */
const complete = configs.filter(
  ({ config }) => config.model && config.tasks && !config.extends && !config.plugins,
);

test.each(complete)("$file, line $line, has runs without mistakes", ({ config }) => {
  for (const run of runsOf(checkConfig(config))) resolveRun(officialToolkit, run);
});

test("some of them are complete", () => {
  expect(complete.length).toBeGreaterThan(2);
});

test.each([
  ["a key that is none", { modle: {} }],
  ["an option that is none", { learner: { use: "maml", innerStep: 1 } }],
  ["a name that is none", { learner: { use: "mml" } }],
])("%s is found", (_, config) => {
  expect(configMistakes(config)).not.toEqual([]);
});

test("a name may be that of a plugin that is listed", () => {
  const config = { plugins: ["my-plugin"], learner: { use: "mine" } };
  expect(configMistakes(config)).toEqual([]);
  expect(configMistakes({ ...config, train: { step: 1 } })).not.toEqual([]);
});
