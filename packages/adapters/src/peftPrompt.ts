import { disposeParams, type Params, tensorNamed } from "@metalearn/core";
import { z } from "zod";
import { badAdapter, readPeftConfig, readPeftTensors, writePeft } from "./peft.js";

/** Name of the soft prompt's parameter. */
export const promptName = "prompt.embeddings";

const storedName = "prompt_embeddings";

const configSchema = z.looseObject({
  peft_type: z.literal("PROMPT_TUNING"),
  num_virtual_tokens: z.int().min(1),
  num_transformer_submodules: z.literal(1).nullish(),
});

/** Writes a soft prompt as PEFT's prompt tuning does. */
export async function writePrompt(
  directory: string,
  own: Params,
  base: string | undefined,
): Promise<void> {
  const tensor = tensorNamed(own, promptName);
  const [tokens, width] = tensor.shape;
  const config = {
    peft_type: "PROMPT_TUNING",
    num_virtual_tokens: tokens,
    token_dim: width,
    num_transformer_submodules: 1,
    prompt_tuning_init: "RANDOM",
  };
  await writePeft(directory, config, { [storedName]: tensor }, base);
}

/**
 * Reads the settings. @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is another kind of adapter
 */
export async function readPromptConfig(directory: string): Promise<{ tokens: number }> {
  const { num_virtual_tokens: tokens } = await readPeftConfig(directory, configSchema);
  return { tokens };
}

/**
 * Reads a stored soft prompt. The caller owns the tensor.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it has another shape
 */
export async function readPrompt(
  directory: string,
  [tokens, width]: readonly [tokens: number, width: number],
): Promise<Params> {
  const stored = await readPeftTensors(directory);
  const expected = `${storedName} [${tokens},${width}]`;
  const got = Object.entries(stored).map(([name, { shape }]) => `${name} [${shape}]`);
  if (got.join() === expected) return { [promptName]: tensorNamed(stored, storedName) };
  disposeParams(stored);
  throw badAdapter(directory, `expected ${expected}, got ${got.join(", ") || "nothing"}`);
}
