import {
  type Batch,
  filterParams,
  type LanguageModel,
  MetaError,
  type Model,
  matchingNames,
  type Params,
  parseOptions,
  randomFor,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { adaptedStorage, viewedModel } from "./adaptedModel.js";
import { layerSizes, loraProduct } from "./loraMatrix.js";
import { loraNames } from "./loraNames.js";
import { readLora, readLoraConfig, writeLora } from "./peftLora.js";

export const loraOptions = z
  .strictObject({
    rank: z.int().min(1).default(8).describe("r: the rank of the matrix product that is added."),
    alpha: z.number().positive().default(16).describe("The product is scaled by alpha / rank."),
    targets: z
      .array(z.string())
      .min(1)
      .readonly()
      .describe("Names of the matrices that a product is added to; `*` stands for any text."),
  })
  .describe("Adds a product of two narrow matrices to chosen matrices.");

/** Options of {@link lora}. */
export type LoraOptions = z.input<typeof loraOptions>;

/**
 * Low-rank adaptation: a model that computes with `W + alpha / rank B A` in place of each target `W`, and with
 * the transpose of `B A` where `W` is stored `[in, out]`, as by GPT-2 and by models that PEFT does not know. In
 * addition to the parameters of `model` it has `….lora_A`, `[rank, in]`, drawn uniformly within `1 / sqrt(in)` as in
 * PEFT, and `….lora_B`, `[out, rank]`, zero, so that it initially computes the same as `model`.
 *
 * Source: Hu et al. 2022, section 4.1, equation 3.
 *
 * @example lora(gpt2(shape, tokenizer), { rank: 8, alpha: 16, targets: ["*.attn.c_attn.weight"] })
 * @throws MetaError `BAD_OPTION`, also by `init`: for a target that is not a linear layer's matrix
 */
export function lora(model: LanguageModel, options: LoraOptions): LanguageModel;
export function lora<B extends Batch>(model: Model<B>, options: LoraOptions): Model<B>;
export function lora(model: Model, options: LoraOptions): Model {
  const { rank, alpha, targets } = parseOptions(loraOptions, options);
  return loraModel(model, alpha, (base, seed) =>
    Object.fromEntries(
      matrices(model, base, targets).flatMap(([name, shape]) => {
        const { a, b } = loraNames(name);
        const { inputs, outputs } = layerSizes(shape, model.peft);
        const random = randomFor(seed, "lora", name);
        const bound = 1 / Math.sqrt(inputs);
        const draw = () => bound * (2 * random.uniform() - 1);
        const values = Float32Array.from({ length: rank * inputs }, draw);
        return [
          [a, tf.tensor2d(values, [rank, inputs])],
          [b, tf.zeros([outputs, rank])],
        ];
      }),
    ),
  );
}

/**
 * Model with a LoRA saved by {@link lora} or PEFT: its `init` returns the saved tensors.
 *
 * @param directory with `adapter_config.json` and `adapter_model.safetensors`
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`, also by `init`
 */
export function pretrainedLora(model: LanguageModel, directory: string): Promise<LanguageModel>;
export function pretrainedLora(model: Model, directory: string): Promise<Model>;
export async function pretrainedLora(model: Model, directory: string): Promise<Model> {
  const { alpha } = await readLoraConfig(directory);
  return loraModel(model, alpha, (base) => readLora(directory, base, model.peft));
}

/**
 * Parameters of the plain model that computes the same: each target has its low-rank product added, and the
 * adapter's parameters are removed. Other tensors are those of `params`.
 *
 * @param model the plain or the adapted model, for the layout of its matrices
 * @example await saveParams(plainModel, mergeLora(plainModel, params, { alpha: 16 }), "merged")
 */
export function mergeLora(
  { peft }: Pick<Model, "peft">,
  params: Params,
  { alpha }: { readonly alpha: number },
): Params {
  const merged = (name: string, tensor: tf.Tensor): tf.Tensor => {
    const names = loraNames(name);
    const [a, b] = [params[names.a], params[names.b]] as [tf.Tensor2D?, tf.Tensor2D?];
    if (!a || !b) return tensor;
    return tf.tidy(() => tf.add(tensor, tf.mul(loraProduct(a, b, peft), alpha / a.shape[0])));
  };
  const plain = Object.entries(filterParams(params, (name) => !isLora(name)));
  return Object.fromEntries(plain.map(([name, tensor]) => [name, merged(name, tensor)]));
}

function loraModel(
  model: Model,
  alpha: number,
  init: (base: Params, seed: number) => Params | Promise<Params>,
): Model {
  return {
    ...adaptedStorage(model, {
      name: "lora",
      owns: isLora,
      init,
      save: (own, directory, base) => writeLora(directory, own, { alpha, peft: model.peft, base }),
      load: (directory, base) => readLora(directory, base, model.peft),
    }),
    ...viewedModel(model, (params) => mergeLora(model, params, { alpha })),
  };
}

function isLora(name: string): boolean {
  return /\.lora_[AB]$/.test(name);
}

/** Names and shapes of the targets. */
function matrices(
  { peft }: Model,
  base: Params,
  targets: readonly string[],
): [name: string, shape: [number, number]][] {
  const names = Object.keys(base);
  const allowed = peft ? matchingNames(names, peft.linear, "peft.linear") : names;
  return matchingNames(names, targets, "lora: targets").map((name) => {
    const { shape } = base[name] as tf.Tensor;
    if (allowed.includes(name) && shape.length === 2) return [name, shape as [number, number]];
    const examples = peft ? `, such as ${allowed.slice(0, 4).join(", ")}` : "";
    throw new MetaError(
      "BAD_OPTION",
      `lora: targets: expected matrices of linear layers${examples}, got ${name}, of shape [${shape}].`,
    );
  });
}
