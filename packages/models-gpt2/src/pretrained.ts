import { stat } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { MetaError, requireFinite, type Tokenizer } from "@metalearn/core";
import { downloadFromHub, type HubOptions } from "@metalearn/core/hub";
import { type Gpt2, gpt2 } from "./gpt2.js";
import {
  checkHuggingFaceParams,
  readHuggingFaceConfig,
  readHuggingFaceParams,
} from "./huggingFace.js";
import { gpt2Tokenizer } from "./tokenizers.js";

/** Options of {@link pretrainedGpt2}. */
export interface PretrainedOptions extends Omit<HubOptions, "type"> {
  /** @default GPT-2's byte-pair encoding */
  readonly tokenizer?: Tokenizer;
}

/**
 * A GPT-2 whose `init` gives published parameters: those of a local checkpoint folder (a path that
 * begins with `.` or `/`), or of a model on the Hugging Face hub.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`; the latter from `init` where values are no numbers
 */
export async function pretrainedGpt2(
  source: string,
  { tokenizer = gpt2Tokenizer, ...hub }: PretrainedOptions = {},
): Promise<Gpt2> {
  const folder = isPath(source) ? await existing(resolve(source)) : await download(source, hub);
  const config = await readHuggingFaceConfig(folder);
  await checkHuggingFaceParams(folder, config);
  return {
    ...gpt2(config, tokenizer),
    async init() {
      const params = await readHuggingFaceParams(folder, config);
      requireFinite(params, folder);
      return params;
    },
  };
}

/** Whether a source of parameters is a local folder rather than a model on the hub. */
export function isPath(source: string): boolean {
  return source.startsWith(".") || isAbsolute(source);
}

async function existing(folder: string): Promise<string> {
  const entry = await stat(folder).catch(() => undefined);
  if (!entry?.isDirectory()) {
    throw new MetaError("MISSING_FILE", `There is no checkpoint folder ${folder}.`);
  }
  return folder;
}

function download(repository: string, hub: Omit<HubOptions, "type">): Promise<string> {
  return downloadFromHub(
    repository,
    (files) => {
      const needed = files.filter(
        (file) => file === "config.json" || /^model[^/]*\.safetensors(\.index\.json)?$/.test(file),
      );
      if (!needed.some((file) => file.endsWith(".safetensors"))) {
        throw new MetaError(
          "BAD_CHECKPOINT",
          `"${repository}" has no model.safetensors on the hub; its files are: ${files.join(", ")}.`,
        );
      }
      return needed;
    },
    hub,
  );
}
