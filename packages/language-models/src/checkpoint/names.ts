import type { Params } from "@metalearn/core";
import type { Architecture } from "../transformer/architecture.js";
import type { CheckpointContents } from "./writeCheckpoint.js";

/** Names and shapes of an architecture's parameters in the files of transformers. */
export type NamedParameters = Pick<
  Architecture,
  "layers" | "shapes" | "blockPrefix" | "tokenEmbeddings" | "outputHead" | "checkpoint"
>;

/** The contents of a checkpoint with these parameters. */
export function checkpointContents(
  { maxTokens, outputHead, checkpoint }: Architecture,
  params: Params,
): CheckpointContents {
  const storedName = (name: string) => (name === outputHead ? name : checkpoint.prefix + name);
  const tensors = Object.entries(params).map(([name, tensor]) => [storedName(name), tensor]);
  return { tensors: Object.fromEntries(tensors), config: checkpoint.config, maxTokens };
}

/**
 * The model's own name of a stored tensor: `h.0.ln_1.bias` for `module.transformer.h.0.ln_1.bias`. Both prefixes,
 * `module.` (of torch's DataParallel) and the architecture's, are optional.
 */
export function ownName(prefix: string, stored: string): string {
  const name = stored.replace(/^module\./, "");
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
