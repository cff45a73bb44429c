import { dirname, join } from "node:path";
import { MetaError } from "@metalearn/core";
import type { z } from "zod";
import { openGguf } from "../gguf/openGguf.js";
import { ggufOf, isFile, readJsonFile } from "./checkpointFiles.js";

/**
 * Reads the `config.json` of a checkpoint: in its folder, or beside a single file; for a GGUF file, made from its
 * metadata.
 *
 * @param schema the settings that decide the model's arithmetic; values that the model cannot compute are refused
 * @param title the architecture in messages: `GPT-2`
 * @returns `undefined` for a single file without a `config.json`
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is not what `schema` describes
 */
export async function readConfig<S extends z.ZodType>(
  source: string,
  schema: S,
  title: string,
): Promise<{ path: string; config: z.output<S> } | undefined> {
  const found = await configFound(source);
  if (!found) return undefined;
  const { path, json } = found;
  const result = schema.safeParse(json);
  if (result.success) return { path, config: result.data };
  const issues = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new MetaError(
    "BAD_CHECKPOINT",
    `${path} is not a ${title} that can be loaded. ${issues.join("; ")}.`,
  );
}

/**
 * Reads the `config.json` of a checkpoint that cannot be read without one, as {@link readConfig} does.
 *
 * @throws MetaError `MISSING_FILE`, also for a single file without one; `BAD_CHECKPOINT`
 */
export async function requireConfig<S extends z.ZodType>(
  source: string,
  schema: S,
  title: string,
): Promise<z.output<S>> {
  const found = await readConfig(source, schema, title);
  if (found) return found.config;
  throw new MetaError(
    "MISSING_FILE",
    `There is no config.json beside ${source}, which tells the shape of the model. Copy it there from where the weights come from.`,
  );
}

async function configFound(source: string): Promise<{ path: string; json: unknown } | undefined> {
  const gguf = await ggufOf(source);
  if (gguf !== undefined) {
    const { config, close } = await openGguf(gguf);
    await close();
    return { path: gguf, json: config };
  }
  const isOneFile = await isFile(source);
  const path = join(isOneFile ? dirname(source) : source, "config.json");
  if (await isFile(path)) return { path, json: await readJsonFile(path) };
  if (isOneFile) return undefined;
  throw new MetaError(
    "MISSING_FILE",
    `There is no model in ${source}: expected config.json with model.safetensors or pytorch_model.bin, or a GGUF file. Name the folder or the file of a model.`,
  );
}
