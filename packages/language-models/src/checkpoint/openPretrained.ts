import { type FactoryContext, MetaError, type Tokenizer } from "@metalearn/core";
import type { HubOptions } from "@metalearn/core/hub";
import { z } from "zod";
import { findTokenizer } from "../tokenizer/readTokenizer.js";
import type { Architecture } from "../transformer/architecture.js";
import { findCheckpoint, isPath, type Pretrained, pretrainedInit } from "./pretrained.js";

/** Options of functions that open published parameters. */
export interface PretrainedOptions extends Omit<HubOptions, "type"> {
  /** The model's tokenizer. @default read from the files beside the parameters, or from a GGUF file's metadata */
  readonly tokenizer?: Tokenizer;
}

/** Functions that read the checkpoints of one architecture. */
export interface PretrainedFormat<C> {
  /** The shape of the model at a path of {@link findCheckpoint}. */
  readConfig(path: string): Promise<C>;
  architecture(config: C): Architecture;
  /** The tokenizer of a checkpoint without tokenizer files, if it is known. */
  usualTokenizer?(config: C): Tokenizer | undefined;
}

/**
 * Opens published parameters: a local checkpoint (a path that begins with `.` or `/`), or a model on the Hugging
 * Face hub.
 *
 * @returns the shape and the tokenizer of a model, and its members `init` and `weights`
 * @throws MetaError `MISSING_FILE`, also when no tokenizer is found; `BAD_CHECKPOINT`, also from `init` for values
 *   that are NaN or infinite
 */
export async function openPretrained<C>(
  source: string,
  { readConfig, architecture, usualTokenizer }: PretrainedFormat<C>,
  { tokenizer: given, ...hub }: PretrainedOptions,
): Promise<{ config: C; tokenizer: Tokenizer; pretrained: Pretrained }> {
  const path = await findCheckpoint(source, hub);
  const config = await readConfig(path);
  const { init, weights } = await pretrainedInit(path, architecture(config));
  const pretrained = { init, weights: { ...weights, source } };
  const tokenizer = given ?? (await findTokenizer(path)) ?? usualTokenizer?.(config);
  if (!tokenizer) {
    throw new MetaError(
      "MISSING_FILE",
      `${path} has no tokenizer beside it: expected tokenizer.json, or vocab.json and merges.txt. Copy them there from where the weights come from, or name a tokenizer.`,
    );
  }
  return { config, tokenizer, pretrained };
}

/** Options that name published parameters, for the schema of a model's factory. */
export const weightsOptions = (example: string) => ({
  weights: z
    .string()
    .min(1)
    .optional()
    .describe(
      `Published parameters: a folder (\`./checkpoint\`), a file (\`./model.gguf\`, \`./model.pt\`), a model on the hub (\`${example}\`) or a GGUF file of one (\`owner/name/file.gguf\`). Default: fresh ones.`,
    ),
  revision: z.string().optional().describe("Branch, tag or commit on the hub. Default: `main`."),
});

/**
 * The source that a factory's `weights` name, and options of the hub.
 *
 * @throws MetaError `BAD_OPTION` for a revision of a local path
 */
export function weightsSource(
  { weights, revision }: { readonly weights: string; readonly revision?: string | undefined },
  { path, notify }: Pick<FactoryContext, "path" | "notify">,
): { source: string; hub: Omit<HubOptions, "type"> } {
  if (revision !== undefined && isPath(weights)) {
    throw new MetaError(
      "BAD_OPTION",
      `revision: expected none for weights at a local path, ${weights}, got ${JSON.stringify(revision)}. It is of models on the hub: leave it out, or name one, owner/name.`,
    );
  }
  return {
    source: isPath(weights) ? path(weights) : weights,
    hub: { notify, ...(revision !== undefined && { revision }) },
  };
}
