/**
 * Names of a layer and of the two factors added to its matrix: `h.0.attn.c_attn.weight` belongs to the layer
 * `h.0.attn.c_attn`.
 */
export function loraNames(matrix: string): { module: string; a: string; b: string } {
  const module = matrix.replace(/\.weight$/, "");
  return { module, a: `${module}.lora_A`, b: `${module}.lora_B` };
}
