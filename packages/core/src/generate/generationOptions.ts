import { z } from "zod";

const tokenId = z.int().min(0);
const stopText = z.string().min(1);

/**
 * Options of generation. Names and order of filters are those of transformers' `GenerationConfig`, whose
 * `do_sample` is a `temperature` above 0 here.
 */
export const generationOptions = z
  .strictObject({
    maxNewTokens: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Largest number of tokens to generate. Default: 256, or what the context has room for.",
      ),
    temperature: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "0 takes the likeliest token (greedy decoding); above 0, tokens are drawn, and scores are divided by it.",
      ),
    topK: z
      .int()
      .min(1)
      .optional()
      .describe("Tokens are drawn from the `topK` likeliest. Default: from all."),
    topP: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        "Tokens are drawn from the likeliest whose probabilities add up to it. Default: from all.",
      ),
    stop: z
      .union([stopText, z.array(stopText)])
      .default([])
      .describe("Texts at which generation ends; they are not part of the result."),
    eosTokenId: z
      .union([tokenId, z.array(tokenId)])
      .optional()
      .describe("Tokens at which generation ends. Default: the tokenizer's; `[]` for none."),
    seed: z.int().min(0).default(0).describe("Decides which tokens are drawn."),
    truncatePrompt: z
      .boolean()
      .default(false)
      .describe("Drops the beginning of a prompt that is too long, which is an error otherwise."),
    useCache: z
      .boolean()
      .default(true)
      .describe(
        "Keeps keys and values of earlier tokens. Without, all tokens are read again for each new one.",
      ),
  })
  .superRefine(({ temperature, topK, topP }, { addIssue }) => {
    if (temperature > 0) return;
    for (const [name, value] of Object.entries({ topK, topP })) {
      if (value === undefined) continue;
      addIssue({
        code: "custom",
        path: [name],
        message: "expected only with a temperature above 0, such as 1",
      });
    }
  });

/** Options of generation. */
export type GenerationOptions = z.input<typeof generationOptions>;

/** Options with their defaults. */
export type CheckedGenerationOptions = z.output<typeof generationOptions>;
