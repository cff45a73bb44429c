import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MetaError, type Params } from "@metalearn/core";
import {
  readSafetensors,
  requireFinite,
  writeSafetensors,
  writeTextAtomically,
} from "@metalearn/core/files";
import { z } from "zod";

const configFile = "adapter_config.json";
const tensorsFile = "adapter_model.safetensors";

/**
 * Writes an adapter in the format of Hugging Face's PEFT: `adapter_config.json` beside the tensors.
 *
 * @param base path or name of the base model, if it is known
 */
export async function writePeft(
  directory: string,
  config: Readonly<Record<string, unknown>>,
  tensors: Params,
  base: string | undefined,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const all = {
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base ?? null,
    inference_mode: true,
  };
  const text = JSON.stringify({ ...config, ...all }, null, 2);
  await writeTextAtomically(join(directory, configFile), `${text}\n`);
  await writeSafetensors(join(directory, tensorsFile), tensors, { format: "pt" });
}

/**
 * Reads the tensors of an adapter, under PEFT's names. The caller owns them.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT`, also for values that are not finite
 */
export async function readPeftTensors(directory: string): Promise<Params> {
  const tensors = await readSafetensors(join(directory, tensorsFile));
  requireFinite(tensors, directory);
  return tensors;
}

/**
 * Reads the settings of an adapter.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when they do not match `schema`
 */
export async function readPeftConfig<S extends z.ZodType>(
  directory: string,
  schema: S,
): Promise<z.output<S>> {
  const path = join(directory, configFile);
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new MetaError(
      "MISSING_FILE",
      `There is no adapter in ${directory}: cannot read ${path}.`,
      {
        cause,
      },
    );
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw badAdapter(directory, describe(cause), cause);
  }
}

/** Error about the files of an adapter. */
export function badAdapter(directory: string, what: string, cause?: unknown): MetaError {
  return new MetaError("BAD_CHECKPOINT", `The adapter in ${directory} cannot be read: ${what}.`, {
    cause,
  });
}

function describe(error: unknown): string {
  if (!(error instanceof z.ZodError)) return `${configFile} is not JSON`;
  const issues = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return `${configFile}: ${issues.join("; ")}`;
}
