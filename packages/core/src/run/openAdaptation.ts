import { computeOptionsOf, type RunConfig } from "../config/schema.js";
import type { Adaptation } from "../evaluate/adaptation.js";
import type { Reference } from "../plugin/plugin.js";
import type { Workbench } from "../plugin/toolkit.js";

/** How a run adapts to targets: with its own learner or another one, and with its optimizer if any. */
export async function openAdaptation(
  bench: Workbench,
  config: RunConfig,
  adapt: "own" | Reference,
): Promise<Adaptation> {
  const learner = await (adapt === "own" ? bench.get("learner") : bench.create("learner", adapt));
  const optimizer = config.optimizer && (await bench.get("optimizer"));
  const { batchSize } = config.train;
  return { learner, optimizer, batchSize, ...computeOptionsOf(config) };
}
