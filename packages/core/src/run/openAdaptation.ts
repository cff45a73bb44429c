import type { RunConfig } from "../config/schema.js";
import type { Adaptation } from "../evaluate/adaptation.js";
import type { Reference } from "../plugin/reference.js";
import type { Workbench } from "../plugin/toolkit.js";

/** How a run adapts to targets: with its own learner or another one, and with its optimizer if any. */
export async function openAdaptation(
  bench: Workbench,
  { train, optimizer: ownOptimizer, trainable }: RunConfig,
  adapt: "own" | Reference,
): Promise<Adaptation> {
  const learner = await (adapt === "own" ? bench.get("learner") : bench.create("learner", adapt));
  const optimizer = ownOptimizer && (await bench.get("optimizer"));
  const { batchSize, microBatch, gradientCheckpointing } = train;
  return { learner, optimizer, batchSize, microBatch, gradientCheckpointing, trainable };
}
