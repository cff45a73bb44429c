import { z } from "zod";
import type { CheckedLlamaConfig } from "./llamaConfig.js";

/** Required keys of each kind of rotary positions. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  default: [],
  linear: ["factor"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
};

const positive = z.number().positive();

/**
 * Rotary positions in a `config.json`: `rope_parameters` of transformers 5, or `rope_scaling` of transformers 4,
 * which has no `rope_theta` in it. Other kinds of them, and keys that no known kind has, are refused by name.
 */
export const ropeJson = z
  .looseObject({
    rope_type: z.string().optional(),
    /** The older name of `rope_type`. */
    type: z.string().optional(),
    rope_theta: positive.optional(),
    partial_rotary_factor: z.literal(1).nullish(),
    factor: positive.nullish(),
    low_freq_factor: positive.nullish(),
    high_freq_factor: positive.nullish(),
    original_max_position_embeddings: z.int().min(1).nullish(),
  })
  .superRefine((rope, { addIssue }) => {
    const add = (key: string, message: string) =>
      addIssue({ code: "custom", path: [key], message });
    const { rope_type, type, rope_theta, partial_rotary_factor, ...others } = rope;
    const kind = kindOf(rope);
    const keys = Object.hasOwn(keysOf, kind) ? keysOf[kind] : undefined;
    if (!keys) {
      const known = Object.keys(keysOf).join(", ");
      add("rope_type", `expected one of ${known}, which are implemented, got ${kind}`);
      return;
    }
    for (const key of keys.filter((name) => rope[name] == null)) {
      add(key, `expected a number, which ${kind} needs, got nothing`);
    }
    const known = Object.values(keysOf).flat();
    for (const [key, value] of Object.entries(others)) {
      if (value != null && !known.includes(key)) add(key, "is not implemented");
    }
  });

/** Rotary positions as a `config.json` has them. */
export type RopeJson = z.output<typeof ropeJson>;

function kindOf({ rope_type, type }: Pick<RopeJson, "rope_type" | "type">): string {
  return rope_type ?? type ?? "default";
}

type RopeScaling = CheckedLlamaConfig["ropeScaling"];

/** The scaling that a `config.json` asks for. */
export function ropeScalingOf(rope: RopeJson): RopeScaling {
  const type = kindOf(rope);
  const factor = Number(rope.factor);
  if (type === "linear") return { type, factor };
  if (type !== "llama3") return undefined;
  return {
    type,
    factor,
    lowFrequencyFactor: Number(rope.low_freq_factor),
    highFrequencyFactor: Number(rope.high_freq_factor),
    originalMaxTokens: Number(rope.original_max_position_embeddings),
  };
}

/** The `rope_scaling` of a `config.json`. */
export function ropeScalingJson(scaling: RopeScaling): RopeJson | null {
  if (!scaling) return null;
  const { type, factor } = scaling;
  if (type === "linear") return { rope_type: type, factor };
  return {
    rope_type: type,
    factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalMaxTokens,
  };
}
