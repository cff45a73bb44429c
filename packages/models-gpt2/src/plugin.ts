import { defineFactory, definePlugin, MetaError } from "@metalearn/core";
import { z } from "zod";
import { gpt2 } from "./gpt2.js";
import { defaultInitializerRange, type Gpt2Config, gpt2Sizes } from "./gpt2Config.js";
import { isPath, pretrainedGpt2 } from "./pretrained.js";
import { byteTokenizer, gpt2Tokenizer } from "./tokenizers.js";

const count = z.int().min(1);
const tokenizers = { gpt2: gpt2Tokenizer, byte: byteTokenizer };

const gpt2Options = z.strictObject({
  size: z
    .enum(["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"])
    .optional()
    .describe(
      "A published size, with fresh parameters. Default: one of its own, of the four options below.",
    ),
  layers: count.optional().describe("Layers of a size of its own; required for one."),
  width: count
    .optional()
    .describe(
      "Width of a size of its own: numbers per token, a multiple of `heads`; required for one.",
    ),
  heads: count
    .optional()
    .describe(
      "Attention heads of a size of its own, required for one; or of a file of `weights` that does not tell them.",
    ),
  maxTokens: count
    .optional()
    .describe("Longest sequence of a size of its own, in tokens; required for one."),
  initializerRange: z
    .number()
    .positive()
    .default(defaultInitializerRange)
    .describe("Standard deviation of freshly drawn parameters."),
  tokenizer: z
    .enum(["gpt2", "byte"])
    .default("gpt2")
    .describe("`gpt2` is the published byte-pair encoding, `byte` has one token per byte."),
  weights: z
    .string()
    .optional()
    .describe(
      "Published parameters: a folder (`./checkpoint`), a file (`./model.pt`) or a model on the hub (`openai-community/gpt2`). Default: fresh ones.",
    ),
  revision: z.string().optional().describe("Branch, tag or commit on the hub. Default: `main`."),
});

type Gpt2Options = z.output<typeof gpt2Options>;

/** The shape that options describe, of a published size or of their own. */
function shapeOf({
  size,
  layers,
  width,
  heads,
  maxTokens,
  tokenizer,
  initializerRange,
}: Gpt2Options): Gpt2Config {
  const own = { layers, width, heads, maxTokens };
  if (size) {
    const given = Object.entries(own).filter(([, value]) => value !== undefined);
    if (given.length > 0) {
      const names = given.map(([name]) => name).join(", ");
      throw new MetaError(
        "BAD_CONFIG",
        `model (gpt2): size ${size} fixes ${names}; give only one.`,
      );
    }
    return { ...gpt2Sizes[size], initializerRange };
  }
  if (!layers || !width || !heads || !maxTokens) {
    throw new MetaError(
      "BAD_CONFIG",
      "model (gpt2): wanted size, weights, or all of layers, width, heads and maxTokens.",
    );
  }
  const { vocabularySize } = tokenizers[tokenizer];
  return { layers, width, heads, maxTokens, vocabularySize, initializerRange };
}

export default definePlugin({
  name: "@metalearn/models-gpt2",
  models: {
    gpt2: defineFactory(
      gpt2Options.describe(
        "GPT-2 of a published or any other size. Wanted is one of `weights`, `size`, or `layers`, `width`, `heads` and `maxTokens`.",
      ),
      (options, context) => {
        const tokenizer = tokenizers[options.tokenizer];
        const { weights, revision, heads } = options;
        if (weights === undefined) return gpt2(shapeOf(options), tokenizer);
        if (options.size ?? options.layers ?? options.width ?? options.maxTokens) {
          throw new MetaError(
            "BAD_CONFIG",
            "model (gpt2): weights bring their own size; give only one.",
          );
        }
        return pretrainedGpt2(isPath(weights) ? context.path(weights) : weights, {
          tokenizer,
          notify: context.notify,
          ...(revision && { revision }),
          ...(heads && { heads }),
        });
      },
    ),
  },
});
