import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { disposeParams, learnerParams, MetaError, modelParams } from "@metalearn/core";
import { type FloatType, saveParams, writeAtomically } from "@metalearn/core/files";
import { openParams } from "@metalearn/core/runs";
import type { PluginFlags } from "../flags.js";
import { openCheckpoint } from "../openCheckpoint.js";

/** Flags of `metalearn export`. */
export interface ExportFlags extends PluginFlags {
  readonly dtype: FloatType;
}

/**
 * Writes the model of a run, a checkpoint or a file of torch.save or GGUF into a folder of its own, in the model's
 * format: Hugging Face's for a language model, with its tokenizer, and with an adapter's files in the same folder.
 */
export async function exportCheckpoint(
  path: string,
  folder: string,
  changes: readonly string[],
  flags: ExportFlags,
): Promise<void> {
  const { dtype } = flags;
  if (existsSync(folder)) {
    throw new MetaError("BAD_OPTION", `${folder} exists already. Name another folder.`);
  }
  const options = { config: flags.config, plugins: flags.plugin, changes };
  const { toolkit, config, configFile, parameters } = await openCheckpoint(path, options);
  const { model: reference, adapter, seed } = config;
  // Nothing is computed here, so the pure JavaScript engine, which needs no installation, holds the tensors.
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
      console.error(`${left} learner parameters are not exported.`);
    }
    disposeParams(params);
    console.log(`Wrote ${folder}: ${model.name}, ${dtype}.`);
  } finally {
    await scope.dispose();
  }
}
