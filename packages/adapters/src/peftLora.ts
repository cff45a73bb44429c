import { disposeParams, type Params, type PeftNames } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { isInOut, layerSizes } from "./loraMatrix.js";
import { loraNames } from "./loraNames.js";
import { badAdapter, readPeftConfig, readPeftTensors, writePeft } from "./peft.js";

/** Settings that decide a LoRA's arithmetic. Variants that compute something else are refused. */
const configSchema = z.looseObject({
  peft_type: z.literal("LORA"),
  lora_alpha: z.number().positive(),
  bias: z.literal("none").default("none"),
  lora_bias: z.literal(false).default(false),
  use_dora: z.literal(false).default(false),
  use_rslora: z.literal(false).default(false),
  alpha_pattern: z.strictObject({}).nullish(),
  modules_to_save: z.null().optional(),
  trainable_token_indices: z.null().optional(),
});

/** Prefix and suffix of a layer's name in PEFT: `base_model.model.transformer.h.0.….lora_A.weight`. */
const before = (peft: PeftNames | undefined) => `base_model.model.${peft?.prefix ?? ""}`;
const after = ".weight";

/** Settings of a LoRA's files beside its tensors. */
interface LoraDescription {
  readonly alpha: number;
  /** Names of the model's parameters in PEFT. */
  readonly peft: PeftNames | undefined;
  /** Path or name of the base model. */
  readonly base: string | undefined;
}

/** Writes the tensors `….lora_A` and `….lora_B` as a LoRA of PEFT. */
export async function writeLora(
  directory: string,
  own: Params,
  { alpha, peft, base }: LoraDescription,
): Promise<void> {
  const factors = Object.entries(own);
  const modules = factors.map(([name]) => name.replace(/\.lora_[AB]$/, ""));
  const config = {
    peft_type: "LORA",
    r: factors.find(([name]) => name.endsWith(".lora_A"))?.[1].shape[0],
    lora_alpha: alpha,
    target_modules: [...new Set(modules)].map((module) => `${peft?.prefix ?? ""}${module}`),
    fan_in_fan_out: isInOut(peft),
    lora_dropout: 0,
    bias: "none",
  };
  const stored = factors.map(([name, tensor]) => [`${before(peft)}${name}${after}`, tensor]);
  await writePeft(directory, config, Object.fromEntries(stored), base);
}

/**
 * Reads the settings. @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is another kind of adapter
 */
export async function readLoraConfig(directory: string): Promise<{ alpha: number }> {
  const { lora_alpha: alpha } = await readPeftConfig(directory, configSchema);
  return { alpha };
}

/**
 * Reads the tensors of a LoRA, in the order of their matrices in `base`. The caller owns them.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when a tensor is missing, has another shape, or belongs
 *   to no matrix of `base`
 */
export async function readLora(
  directory: string,
  base: Params,
  peft: PeftNames | undefined,
): Promise<Params> {
  const stored = await readPeftTensors(directory);
  try {
    const own: Record<string, tf.Tensor> = {};
    for (const [name, { shape }] of Object.entries(base)) {
      const { module, a, b } = loraNames(name);
      const [factorA, factorB] = [a, b].map((factor) => stored[`${before(peft)}${factor}${after}`]);
      if (!factorA && !factorB) continue;
      const [rank] = factorA?.shape ?? [];
      const { inputs, outputs } = layerSizes(shape, peft);
      const shapes = [factorA?.shape, factorB?.shape].map((of) => `[${of ?? "missing"}]`);
      if (shapes.join() !== `[${rank},${inputs}],[${outputs},${rank}]`) {
        const expected = `[rank,${inputs}] and [${outputs},rank]`;
        throw badAdapter(directory, `${module}: expected ${expected}, got ${shapes.join(" and ")}`);
      }
      Object.assign(own, { [a]: factorA, [b]: factorB });
    }
    const used = new Set(Object.values(own));
    const unused = Object.keys(stored).find((name) => !used.has(stored[name] as tf.Tensor));
    if (unused)
      throw badAdapter(directory, `its tensor "${unused}" belongs to no layer of the model`);
    return own;
  } catch (error) {
    disposeParams(stored);
    throw error;
  }
}
