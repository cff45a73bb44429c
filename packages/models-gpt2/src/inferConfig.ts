import { MetaError } from "@metalearn/core";
import { type Gpt2Config, gpt2Sizes } from "./gpt2.js";

/**
 * Shape of a GPT-2 whose checkpoint has no `config.json`, inferred from its tensors. They do not determine
 * the number of heads: unless it is given, it is that of the published model with the same width.
 *
 * @param path for messages
 * @param shapes by the model's own names
 * @throws MetaError `BAD_CHECKPOINT` when it is not a GPT-2; `BAD_OPTION` when the heads must be given
 */
export function inferConfig(
  path: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  heads: number | undefined,
): Gpt2Config {
  const [vocabularySize, width] = shapes.get("wte.weight") ?? [];
  const [maxTokens] = shapes.get("wpe.weight") ?? [];
  if (!vocabularySize || !width || !maxTokens) {
    const names = [...shapes.keys()].slice(0, 3).join(", ");
    throw new MetaError(
      "BAD_CHECKPOINT",
      `${path} holds no GPT-2: expected matrices wte.weight and wpe.weight, got ${names}.`,
    );
  }
  const published = Object.values(gpt2Sizes).find((size) => size.width === width);
  const known = heads ?? published?.heads;
  if (known === undefined) {
    throw new MetaError(
      "BAD_OPTION",
      `${path} does not say how many attention heads it has, and no published GPT-2 is ${width} wide. Give heads, or put its config.json beside it.`,
    );
  }
  // Counted, for a number in a name may be anything.
  const layers = new Set([...shapes.keys()].flatMap((name) => /^h\.\d+\./.exec(name)?.[0] ?? []));
  return { vocabularySize, maxTokens, width, layers: layers.size, heads: known };
}
