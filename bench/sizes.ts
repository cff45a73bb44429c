import { type Gpt2Config, gpt2Sizes } from "@metalearn/models-gpt2";
import type { LlamaConfig } from "@metalearn/models-llama";

/** GPT-2s to measure, by name; all have GPT-2's vocabulary and length. */
export const sizes = {
  tiny: { ...gpt2Sizes.gpt2, layers: 2, width: 64, heads: 2 },
  mini: { ...gpt2Sizes.gpt2, layers: 4, width: 256, heads: 4 },
  gpt2: gpt2Sizes.gpt2,
  "gpt2-medium": gpt2Sizes["gpt2-medium"],
} as const satisfies Record<string, Gpt2Config>;

const smollm2 = {
  ...{ vocabularySize: 49_152, maxTokens: 8_192, tiedHead: true },
  ...{ width: 576, layers: 30, heads: 9, keyValueHeads: 3, mlpWidth: 1_536 },
  ...{ ropeTheta: 100_000, normEpsilon: 1e-5 },
} as const satisfies LlamaConfig;

/** Models of Llama's family to measure, by name: SmolLM2-135M, and a small one of its proportions for trials. */
export const llamaSizes = {
  smollm2,
  "smollm2-tiny": { ...smollm2, width: 96, layers: 2, heads: 6, keyValueHeads: 2, mlpWidth: 256 },
} as const satisfies Record<string, LlamaConfig>;

/** One of {@link sizes}. */
export type SizeName = keyof typeof sizes;

/** One of {@link llamaSizes}. */
export type LlamaSizeName = keyof typeof llamaSizes;

/** Checks a name from the command line. */
export function sizeNamed(name: string): SizeName {
  return nameAmong(sizes, name);
}

/** Checks a name from the command line. */
export function llamaSizeNamed(name: string): LlamaSizeName {
  return nameAmong(llamaSizes, name);
}

/** True for one of {@link llamaSizes}. */
export function isLlamaSize(name: string): name is LlamaSizeName {
  return Object.hasOwn(llamaSizes, name);
}

function nameAmong<Name extends string>(named: Readonly<Record<Name, object>>, name: string): Name {
  if (Object.hasOwn(named, name)) return name as Name;
  throw new Error(`No size is called ${name}: ${Object.keys(named).join(", ")}`);
}
