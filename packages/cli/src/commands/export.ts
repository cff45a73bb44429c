import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  disposeParams,
  learnerParams,
  MetaError,
  modelParams,
  type Reference,
} from "@metalearn/core";
import {
  type FloatType,
  loadTrainedParams,
  saveParams,
  writeAtomically,
} from "@metalearn/core/files";
import { checkpointSession } from "../predict/checkpointSession.js";

/** Flags of `metalearn export`. */
export interface ExportFlags {
  readonly config?: string;
  readonly dtype: string;
}

const types: readonly FloatType[] = ["float32", "float16", "bfloat16"];

/**
 * Writes the model of a run, a checkpoint or a file of torch.save into a folder of its own, in the model's
 * format: that of Hugging Face for a GPT-2, with an adapter's files beside it.
 */
export async function exportCheckpoint(
  path: string,
  folder: string,
  changes: readonly string[],
  flags: ExportFlags,
): Promise<void> {
  const dtype = types.find((type) => type === flags.dtype);
  if (!dtype) {
    throw new MetaError("BAD_OPTION", `--dtype: wanted ${types.join(", ")}; came ${flags.dtype}.`);
  }
  if (existsSync(folder)) {
    throw new MetaError("BAD_OPTION", `${folder} is there already. Name another folder.`);
  }
  const { toolkit, config, configFile, parameters } = await checkpointSession(
    path,
    flags.config,
    changes,
  );
  const { model: reference, adapter, seed } = config;
  // Nothing is computed: JavaScript's engine holds the numbers, and needs nothing installed.
  const runtime = toolkit.names("runtime").includes("cpu") ? { use: "cpu" } : config.runtime;
  const bench = toolkit.open({
    seed,
    references: { runtime, model: reference, ...(adapter && { adapter }) } as Record<
      string,
      Reference
    >,
    configFile,
    notify: (message) => console.error(message),
  });
  try {
    await bench.get("runtime");
    const model = await bench.get("model");
    const params = parameters ? await loadTrainedParams(model, parameters) : await model.init(seed);
    const saved = modelParams(params);
    await writeAtomically(resolve(folder), (temporary) =>
      saveParams(model, saved, temporary, { dtype }),
    );
    const left = Object.keys(learnerParams(params)).length;
    if (left > 0) {
      console.error(`${left} tensors that the learner has learned of its own are not part of it.`);
    }
    disposeParams(params);
    console.log(`Wrote ${folder}: ${model.name}, ${dtype}.`);
  } finally {
    await bench.dispose();
  }
}
