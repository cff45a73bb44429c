import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import {
  disposeParams,
  learnerParams,
  MetaError,
  type Model,
  matchingNames,
  modelParams,
  type Params,
} from "@metalearn/core";
import { type FloatType, saveParams, writeAtomically } from "@metalearn/core/files";
import { openParams, type RunConfig } from "@metalearn/core/runs";
import type { PluginFlags } from "../flags.js";
import { missingFiles } from "../missingFiles.js";
import { type CheckpointSession, openCheckpoint } from "../openCheckpoint.js";

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
    const exported = { model, params: saved, isTrained: parameters !== undefined };
    const base = await unchangedBase(exported, config, { toolkit, configFile });
    await writeAtomically(resolve(folder), (temporary) =>
      saveParams(model, saved, temporary, { dtype, base }),
    );
    const missing = missingFiles(model, await readdir(folder));
    if (missing) console.error(missing);
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

/** Source of the model below an adapter, if training has left that model as it was. */
async function unchangedBase(
  {
    model: { weights },
    params,
    isTrained,
  }: { readonly model: Model; readonly params: Params; readonly isTrained: boolean },
  { model, trainable = ["*"], seed }: RunConfig,
  { toolkit, configFile }: Pick<CheckpointSession, "toolkit" | "configFile">,
): Promise<string | undefined> {
  if (!isTrained || !weights) return weights?.source;
  const scope = toolkit.open({ seed, references: { model }, configFile });
  try {
    const { parameterShapes: own = params } = await scope.get("model");
    const trained = matchingNames(Object.keys(params), trainable, "trainable");
    return trained.some((name) => name in own) ? undefined : weights.source;
  } finally {
    await scope.dispose();
  }
}
