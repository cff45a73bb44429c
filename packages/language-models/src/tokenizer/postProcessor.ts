import { MetaError } from "@metalearn/core";
import { z } from "zod";

/** Ids of the tokens that a tokenizer puts around a text that is no part of a longer one. */
export interface AroundText {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const component = z.looseObject({ type: z.string() });

const pair = z.tuple([z.string(), z.int().min(0)]);

const schemas = {
  Sequence: z.looseObject({ processors: z.array(z.unknown()) }),
  TemplateProcessing: z.looseObject({
    single: z.array(
      z.union([
        z.strictObject({ Sequence: z.looseObject({ id: z.enum(["A", "B"]) }) }),
        z.strictObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
      ]),
    ),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.int().min(0)) })),
  }),
  BertProcessing: z.looseObject({ cls: pair, sep: pair }),
  RobertaProcessing: z.looseObject({ cls: pair, sep: pair }),
};

/**
 * The tokens that the post-processor of a `tokenizer.json` puts around a single text.
 *
 * @throws MetaError `BAD_CHECKPOINT` for one that is not implemented, by name
 */
export function aroundText(options: unknown): AroundText {
  if (options == null) return nothing;
  const { type } = component.parse(options);
  switch (type) {
    case "ByteLevel":
      return nothing; // it only moves offsets
    case "Sequence":
      return schemas.Sequence.parse(options)
        .processors.map(aroundText)
        .reduce(
          (inner, outer) => ({
            before: [...outer.before, ...inner.before],
            after: [...inner.after, ...outer.after],
          }),
          nothing,
        );
    case "BertProcessing":
    case "RobertaProcessing": {
      const { cls, sep } = schemas[type].parse(options);
      return { before: [cls[1]], after: [sep[1]] };
    }
    case "TemplateProcessing":
      return template(schemas.TemplateProcessing.parse(options));
  }
  throw new MetaError(
    "BAD_CHECKPOINT",
    `The tokenizer has the post-processor ${type}, which is not implemented; implemented are BertProcessing, ByteLevel, RobertaProcessing, Sequence and TemplateProcessing.`,
  );
}

const nothing: AroundText = { before: [], after: [] };

function template({
  single,
  special_tokens,
}: z.infer<typeof schemas.TemplateProcessing>): AroundText {
  const place = single.findIndex((piece) => "Sequence" in piece);
  const idsOf = (pieces: typeof single) =>
    pieces.flatMap((piece) => {
      if (!("SpecialToken" in piece)) return [];
      const found = special_tokens[piece.SpecialToken.id];
      if (found) return found.ids;
      throw new MetaError(
        "BAD_CHECKPOINT",
        `The tokenizer's post-processor names ${JSON.stringify(piece.SpecialToken.id)}, but not among its special tokens.`,
      );
    });
  if (place === -1) return { before: idsOf(single), after: [] };
  return { before: idsOf(single.slice(0, place)), after: idsOf(single.slice(place + 1)) };
}
