import { type Gpt2Config, gpt2Sizes } from "@metalearn/models-gpt2";

/** Models to measure, by name; all have GPT-2's vocabulary and length. */
export const sizes = {
  tiny: { ...gpt2Sizes.gpt2, layers: 2, width: 64, heads: 2 },
  mini: { ...gpt2Sizes.gpt2, layers: 4, width: 256, heads: 4 },
  gpt2: gpt2Sizes.gpt2,
  "gpt2-medium": gpt2Sizes["gpt2-medium"],
} as const satisfies Record<string, Gpt2Config>;

/** One of {@link sizes}. */
export type SizeName = keyof typeof sizes;

/** Checks a name from the command line. */
export function sizeNamed(name: string): SizeName {
  if (name in sizes) return name as SizeName;
  throw new Error(`No size is called ${name}: ${Object.keys(sizes).join(", ")}`);
}
