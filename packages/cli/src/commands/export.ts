import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { disposeParams, learnerParams, MetaError, modelParams } from "@metalearn/core";
import { type FloatType, saveParams, writeAtomically } from "@metalearn/core/files";
import { openParams } from "@metalearn/core/runs";
import type { ConfigFlags } from "../flags.js";
import { openCheckpoint } from "../openCheckpoint.js";

/** Flags of `metalearn export`. */
export interface ExportFlags extends ConfigFlags {
  readonly dtype: FloatType;
}

/**
 * Writes the model of a run, a checkpoint or a file of torch.save or GGUF into a folder of its own, in the model's
 * format: that of Hugging Face for a GPT-2, with an adapter's files beside it.
 */
export async function exportCheckpoint(
  path: string,
  folder: string,
  changes: readonly string[],
  flags: ExportFlags,
): Promise<void> {
  const { dtype } = flags;
  if (existsSync(folder)) {
    throw new MetaError("BAD_OPTION", `${folder} is there already. Name another folder.`);
  }
  const options = { config: flags.config, changes };
  const { toolkit, config, configFile, parameters } = await openCheckpoint(path, options);
  const { model: reference, adapter, seed } = config;
  // Nothing is computed: JavaScript's engine holds the numbers, and needs nothing installed.
  const runtime = toolkit.names("runtime").includes("cpu") ? { use: "cpu" } : config.runtime;
  const scope = toolkit.open({
    seed,
    references: { runtime, model: reference, ...(adapter && { adapter }) },
    configFile,
    notify: (message) => console.error(message),
  });
  try {
    await scope.get("runtime");
    const model = await scope.get("model");
    const params = await openParams(model, { parameters, seed });
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
    await scope.dispose();
  }
}
