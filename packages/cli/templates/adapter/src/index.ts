import {
  defineFactory,
  definePlugin,
  filterParams,
  isLanguageModel,
  isPredictor,
  type LanguageModel,
  type Model,
  matchingNames,
  type Params,
  parseOptions,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have an adapter of this name. */
const name = "__component__";

const options = z.strictObject({
  targets: z
    .array(z.string())
    .min(1)
    .readonly()
    .describe("Names of the tensors that are scaled; `*` stands for any text."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

const suffix = ".scale";
const isOwn = (tensor: string) => tensor.endsWith(suffix);

/**
 * A model that multiplies the last axis of chosen tensors by a vector of its own, `{tensor}.scale`, which begins as ones:
 * at first it computes the same as `model`. To train these vectors alone, freeze the others: `trainable: ["*.scale"]`.
 *
 * Source: Liu et al. 2022, "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
 * section 3.3, with the vectors multiplied into the weights.
 *
 * @throws MetaError `BAD_OPTION`, also from `init` for a target that no tensor has
 */
export function __factory__(model: Model, given: __Factory__Options): Model {
  const { targets } = parseOptions(options, given);

  /** The parameters that `model` has, with the vectors multiplied into them. */
  const view = (params: Params): Params => {
    const scaled = (tensor: string, value: tf.Tensor) => {
      const scale = params[tensor + suffix];
      return scale ? tf.mul(value, scale) : value;
    };
    const own = Object.entries(filterParams(params, (tensor) => !isOwn(tensor)));
    return Object.fromEntries(own.map(([tensor, value]) => [tensor, scaled(tensor, value)]));
  };

  const adapted: Model = {
    name: `${model.name} with ${name}`,
    async init(seed) {
      const base = await model.init(seed);
      const scales = matchingNames(Object.keys(base), targets, "targets").map((tensor) => {
        const width = base[tensor]?.shape.at(-1) ?? 1;
        return [tensor + suffix, tf.ones([width])] as const;
      });
      return { ...base, ...Object.fromEntries(scales) };
    },
    loss: (params, batch) => tidy(() => model.loss(view(params), batch)),
  };
  // What else the model offers has to go through the view as well, or be left out.
  if (isPredictor(model)) {
    return Object.assign(adapted, {
      outputs: (params: Params, x: tf.Tensor) => tidy(() => model.outputs(view(params), x)),
    });
  }
  if (!isLanguageModel(model)) return adapted;
  const { maxTokens, tokenizer } = model;
  const language: LanguageModel = {
    ...(adapted as Pick<LanguageModel, "name" | "init" | "loss">),
    maxTokens,
    tokenizer,
    tokenLosses: (params, batch) => tidy(() => model.tokenLosses(view(params), batch)),
  };
  return language;
}

export default definePlugin({
  name: "__package__",
  adapters: {
    [name]: defineFactory(options, (given) => (model) => __factory__(model, given)),
  },
});
