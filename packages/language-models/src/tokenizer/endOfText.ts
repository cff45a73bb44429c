import { MetaError } from "@metalearn/core";
import { z } from "zod";

const schema = z.looseObject({
  eos_token_id: z.union([z.int().min(0), z.array(z.int().min(0))]).nullish(),
});

/**
 * Ids of the tokens that end a text: those of `generation_config.json`, which are one or several; without that file
 * those of `config.json`, if they are several.
 *
 * Source: `GenerationConfig` of transformers. A single one in `config.json` may be the default of its class,
 * and no token of the tokenizer.
 *
 * @param files contents of the two files, parsed; `undefined` for missing ones
 * @returns `undefined` where it is up to the tokenizer
 * @throws MetaError `BAD_CHECKPOINT` for ids in `generation_config.json` that are none
 */
export function endOfTextIds(files: {
  readonly generationConfig: unknown;
  readonly config: unknown;
}): readonly number[] | undefined {
  const generation = schema.safeParse(files.generationConfig ?? {});
  if (!generation.success) {
    throw new MetaError(
      "BAD_CHECKPOINT",
      "generation_config.json: eos_token_id: expected a token id or a list of them.",
    );
  }
  const ids = generation.data.eos_token_id;
  if (ids !== undefined && ids !== null) return [ids].flat();
  const ofModel = schema.safeParse(files.config).data?.eos_token_id;
  return files.generationConfig === undefined && Array.isArray(ofModel) ? ofModel : undefined;
}
