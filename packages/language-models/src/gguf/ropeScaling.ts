import type { Complaint } from "@metalearn/core/files";
import { dequantize } from "./dequantize.js";
import type { MetadataReader } from "./metadataReader.js";
import type { GgufContainer } from "./openContainer.js";

/** Scaling of rotary position embedding, as in a `config.json` of transformers. */
export type RopeScaling =
  | { readonly rope_type: "linear"; readonly factor: number }
  | {
      readonly rope_type: "llama3";
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    };

/** The tensor with a divisor for each frequency, in which llama.cpp stores Llama 3.1's scaling. */
export const ropeFactorsName = "rope_freqs.weight";

// Values of every published Llama. Conversions store neither these nor the fact that they were used.
const llama3 = {
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
} as const;

/** Relative tolerance: stored divisors were computed in float32. */
const tolerance = 1e-4;

/**
 * The scaling of rotary position embedding, from the metadata and the stored divisors.
 *
 * @throws MetaError `BAD_CHECKPOINT` for scaling other than `linear` and Llama 3.1's
 */
export async function ropeScalingOf(
  container: GgufContainer,
  metadata: MetadataReader,
  prefix: string,
  { theta, headDim }: { readonly theta: number; readonly headDim: number },
): Promise<RopeScaling | null> {
  const { bad } = container;
  const stated = statedScaling(metadata, prefix, bad);
  const stored = container.tensors.get(ropeFactorsName);
  if (!stored) return stated;
  if (stored.dtype !== "F32" || stored.shape.join() !== String(headDim / 2)) {
    throw bad(
      `its ${ropeFactorsName} is ${stored.dtype} of shape [${stored.shape}], not F32 of [${headDim / 2}]`,
    );
  }
  const divisors = dequantize(await container.bytes(stored), stored.dtype);
  const scaling = llama3Scaling(divisors, theta);
  if (scaling === undefined || (scaling && stated)) {
    throw bad(
      `its ${ropeFactorsName} scales rotary position embedding in a way that is not known: ${[...divisors.slice(0, 4)].join(", ")}, ...`,
    );
  }
  return scaling ?? stated;
}

/** The scaling in the metadata: none or linear. */
function statedScaling(
  metadata: MetadataReader,
  prefix: string,
  bad: Complaint,
): RopeScaling | null {
  const key = (name: string) => `${prefix}.rope.${name}`;
  // As in llama.cpp: a factor without a type is linear, and 0 means no scaling.
  const type = metadata.text(key("scaling.type"), "linear");
  if (type === "none") return null;
  if (type !== "linear") {
    throw bad(
      `it scales rotary position embedding by "${type}"; known are none, linear and llama3`,
    );
  }
  const factor = metadata.number(key("scaling.factor"), metadata.number(key("scale_linear"), 1));
  if (factor < 0) throw bad(`its metadata "${key("scaling.factor")}" is ${factor}, less than 0`);
  return factor === 0 || factor === 1 ? null : { rope_type: "linear", factor };
}

/**
 * The parameters of Llama 3.1's scaling that give these divisors; `null` if all divisors are 1, `undefined` if no
 * parameters give them.
 *
 * Source: `_compute_llama3_parameters` of transformers; `generate_extra_tensors` of llama.cpp's conversion.
 */
function llama3Scaling(divisors: Float32Array, theta: number): RopeScaling | null | undefined {
  // 0 for wavelengths that are scaled fully, 1 for those that are unchanged.
  const kept = Array.from(divisors, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** (i / divisors.length);
    const { original_max_position_embeddings: length, low_freq_factor: low } = llama3;
    return clamp((length / wavelength - low) / (llama3.high_freq_factor - low));
  });
  const last = kept.length - 1;
  const [share, divisor] = [kept[last] as number, divisors[last] as number];
  const factor = share === 1 ? 1 : Number(((1 - share) / (1 / divisor - share)).toPrecision(5));
  const fits = kept.every((share, i) => {
    const wanted = 1 / ((1 - share) / factor + share);
    return Math.abs((divisors[i] as number) - wanted) <= tolerance * wanted;
  });
  if (!fits) return undefined;
  return factor === 1 ? null : { rope_type: "llama3", factor, ...llama3 };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
