import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoint.js";
import type { Model } from "../contracts/model.js";

/** Saves parameters and state to a checkpoint on disk, and returns what loading it gives. */
export async function throughCheckpoint(
  model: Model,
  { params, state }: Pick<Checkpoint, "params" | "state">,
): Promise<Pick<Checkpoint, "params" | "state">> {
  const folder = await mkdtemp(join(tmpdir(), "metalearn-conformance-"));
  try {
    const directory = join(folder, "checkpoint");
    await saveCheckpoint(directory, model, { update: 1, params, state, sampler: {} });
    const restored = await loadCheckpoint(directory, model);
    return { params: restored.params, state: restored.state };
  } finally {
    await rm(folder, { recursive: true });
  }
}
