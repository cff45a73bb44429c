/**
 * The names of the two factors of what is added to a matrix, and of the layer that it belongs to:
 * `h.0.attn.c_attn` has `h.0.attn.c_attn.weight`.
 */
export function loraNames(matrix: string): { module: string; a: string; b: string } {
  const module = matrix.replace(/\.weight$/, "");
  return { module, a: `${module}.lora_A`, b: `${module}.lora_B` };
}
