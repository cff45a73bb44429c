import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MetaError } from "@metalearn/core";
import type { HubOptions } from "@metalearn/core/hub";
import { locateParams } from "@metalearn/core/runs";
import { z } from "zod";
import { readJsonFile } from "../checkpoint/checkpointFiles.js";
import { findCheckpoint, isPath } from "../checkpoint/pretrained.js";
import { readConfig } from "../checkpoint/readConfig.js";

/** Published parameters: of a model, perhaps with adapters, or of an adapter alone. */
export type FoundWeights = FoundModel | FoundAdapter;

/** A model of transformers. */
export interface FoundModel {
  readonly kind: "model";
  readonly path: string;
  /** `model_type` of transformers. */
  readonly modelType: string;
  /** Adapters that were saved with the model. */
  readonly adapters: readonly FoundAdapter[];
}

/** An adapter in PEFT's format. */
export interface FoundAdapter {
  readonly kind: "adapter";
  readonly path: string;
  /** `peft_type` of PEFT. */
  readonly type: string;
  /** The base model, as a source of parameters. */
  readonly base?: string | undefined;
}

const adapterConfig = "adapter_config.json";
const typeSchema = z.looseObject({ model_type: z.string() });
const adapterSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
});

/**
 * Finds the kind and the architecture of parameters: of a run or its checkpoint, a folder of transformers, a single
 * file, an adapter of PEFT, or a model on the hub, which is downloaded.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for a config.json that names no architecture
 */
export async function findWeights(
  source: string,
  hub: Omit<HubOptions, "type"> = {},
): Promise<FoundWeights> {
  const adapterFile = join(source, adapterConfig);
  if (isPath(source) && existsSync(adapterFile)) return adapterAt(source, adapterFile);
  // A run's parameters are in a folder of its checkpoints.
  const own = isPath(source) ? await locateParams(source) : undefined;
  const path = await findCheckpoint(own ?? source, hub);
  const found = await readConfig(path, typeSchema, "language model");
  // MetaICL's authors, for one, published files of GPT-2 without a config.json.
  const modelType = found?.config.model_type ?? "gpt2";
  return { kind: "model", path, modelType, adapters: await adaptersIn(path) };
}

/** Adapters that metalearn has saved with a model: in folders of the model's. */
async function adaptersIn(path: string): Promise<FoundAdapter[]> {
  const folders = await readdir(path).catch((): string[] => []); // of a single file
  const files = folders.map((name) => join(path, name, adapterConfig)).filter(existsSync);
  return Promise.all(files.map((file) => adapterAt(dirname(file), file)));
}

async function adapterAt(path: string, file: string): Promise<FoundAdapter> {
  const result = adapterSchema.safeParse(await readJsonFile(file));
  if (!result.success) {
    throw new MetaError("BAD_CHECKPOINT", `${file} is no adapter's: expected a peft_type.`);
  }
  const { peft_type: type, base_model_name_or_path: base } = result.data;
  return { kind: "adapter", path, type, base: base ?? undefined };
}
