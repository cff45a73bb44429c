import { computeOptionsOf, type RunConfig } from "../config/schema.js";
import type { Adaptation } from "../evaluate/adaptation.js";
import type { Reference } from "../plugin/reference.js";
import type { Scope } from "../plugin/toolkit.js";

/** Builds the adaptation of a run: its own learner or another one, and its optimizer, if it has one. */
export async function openAdaptation(
  scope: Scope,
  config: RunConfig,
  adapt: "own" | Reference,
): Promise<Adaptation> {
  const learner = await (adapt === "own" ? scope.get("learner") : scope.create("learner", adapt));
  const optimizer = config.optimizer && (await scope.get("optimizer"));
  const { batchSize } = config.train;
  return { learner, optimizer, batchSize, ...computeOptionsOf(config) };
}
