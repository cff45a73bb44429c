import type { TrackedRun, TrackerRecord } from "@metalearn/core";
import type { RunConfig } from "@metalearn/core/runs";

/** A line of metrics, as a run on a CPU writes it. */
export function line(update: number, loss = 1 / update): TrackerRecord {
  return {
    update,
    batches: 4 * update,
    seconds: update / 4,
    loss,
    learningRate: 0.5,
    device: "cpu",
  };
}

/** A run of four updates. */
export function trackedRun(directory: string, history: readonly TrackerRecord[] = []): TrackedRun {
  const config = { seed: 1, model: { use: "gpt2", layers: 2 }, train: { steps: 4 } };
  return {
    name: "maml",
    seed: 1,
    directory,
    config: config as unknown as RunConfig,
    updates: 4,
    engine: { name: "tensorflow", version: "2.21.0", device: "cpu" },
    history,
  };
}
