import { access } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { MetaError, type Tokenizer } from "@metalearn/core";
import { requireFinite } from "@metalearn/core/files";
import { downloadFromHub, type HubOptions } from "@metalearn/core/hub";
import { neededFiles } from "./checkpointFiles.js";
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
  /** Attention heads, for a file of tensors without `config.json` that has the width of no published model. */
  readonly heads?: number;
}

/**
 * A GPT-2 whose `init` gives published parameters: those of a local checkpoint (a path that begins with
 * `.` or `/`), or of a model on the Hugging Face hub. Locally it may be a folder with `config.json`, or a
 * single file of safetensors or torch.save, such as those of MetaICL's authors.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @example await pretrainedGpt2("./metaicl/hr_to_lr/model.pt")
 * @throws MetaError `MISSING_FILE`, `BAD_CHECKPOINT` or `BAD_OPTION`; `BAD_CHECKPOINT` from `init` where
 *   values are no numbers
 */
export async function pretrainedGpt2(
  source: string,
  { tokenizer = gpt2Tokenizer, heads, ...hub }: PretrainedOptions = {},
): Promise<Gpt2> {
  const found = isPath(source) ? await existing(resolve(source)) : await download(source, hub);
  const config = await readHuggingFaceConfig(found, heads);
  await checkHuggingFaceParams(found, config);
  return {
    ...gpt2(config, tokenizer),
    async init() {
      const params = await readHuggingFaceParams(found, config);
      requireFinite(params, found);
      return params;
    },
  };
}

/** Whether a source of parameters is local rather than a model on the hub. */
export function isPath(source: string): boolean {
  return source.startsWith(".") || isAbsolute(source);
}

async function existing(path: string): Promise<string> {
  await access(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `There is no checkpoint ${path}.`, { cause });
  });
  return path;
}

function download(repository: string, hub: Omit<HubOptions, "type">): Promise<string> {
  return downloadFromHub(
    repository,
    (files) => {
      const needed = neededFiles(files);
      if (needed.length > 0) return needed;
      throw new MetaError(
        "BAD_CHECKPOINT",
        `"${repository}" has neither model.safetensors nor pytorch_model.bin on the hub; its files are: ${files.join(", ")}.`,
      );
    },
    hub,
  );
}
