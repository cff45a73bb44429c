import { MetaError } from "@metalearn/core";
import { z } from "zod";
import { fromByteLetters } from "./byteLetters.js";

/** Joins the texts of tokens into text. */
export type Decoder = (tokens: readonly string[]) => string;

type Step = (tokens: readonly string[]) => readonly string[];

/**
 * The decoder of a `tokenizer.json`.
 *
 * Source: the decoders of Hugging Face's tokenizers.
 *
 * @throws MetaError `BAD_CHECKPOINT` for one that is not implemented, by name
 */
export function decoder(options: unknown): Decoder {
  if (options == null) return (tokens) => tokens.join(" ");
  const decode = step(options);
  return (tokens) => decode(tokens).join("");
}

const component = z.looseObject({ type: z.string() });

const schemas = {
  Metaspace: z.looseObject({
    replacement: z.string().regex(/^.$/u),
    prepend_scheme: z.enum(["always", "first", "never"]).default("always"),
  }),
  Replace: z.looseObject({
    pattern: z.strictObject({ String: z.string().min(1) }),
    content: z.string(),
  }),
  Sequence: z.looseObject({ decoders: z.array(z.unknown()) }),
  Strip: z.looseObject({
    content: z.string(),
    start: z.int().min(0),
    stop: z.int().min(0),
  }),
};

function step(options: unknown): Step {
  const { type } = component.parse(options);
  switch (type) {
    case "Sequence": {
      const steps = schemas.Sequence.parse(options).decoders.map(step);
      return (tokens) => steps.reduce<readonly string[]>((texts, next) => next(texts), tokens);
    }
    case "ByteLevel":
      return (tokens) => [
        utf8(tokens.map((token) => fromByteLetters(token) ?? Buffer.from(token))),
      ];
    case "ByteFallback":
      return bytesOfTokens;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Replace": {
      const { pattern, content } = schemas.Replace.parse(options);
      return (tokens) => tokens.map((token) => token.replaceAll(pattern.String, () => content));
    }
    case "Strip": {
      const { content, start, stop } = schemas.Strip.parse(options);
      return (tokens) => tokens.map((token) => strip(token, content, start, stop));
    }
    case "Metaspace": {
      const { replacement, prepend_scheme: scheme } = schemas.Metaspace.parse(options);
      return (tokens) =>
        tokens.map((token, i) =>
          token.replaceAll(replacement, i === 0 && scheme !== "never" ? "" : " "),
        );
    }
  }
  throw new MetaError(
    "BAD_CHECKPOINT",
    `The tokenizer has the decoder ${type}, which is not implemented; implemented are ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip and Sequence.`,
  );
}

/** Decodes UTF-8, with U+FFFD for invalid bytes. */
function utf8(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString("utf8");
}

/** Decodes consecutive tokens such as `<0xE2>` as UTF-8; one U+FFFD for each if their bytes are invalid. */
const bytesOfTokens: Step = (tokens) => {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    const text = asText(Uint8Array.from(bytes));
    texts.push(...(text === undefined ? bytes.map(() => "\ufffd") : [text]));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
      continue;
    }
    flush();
    texts.push(token);
  }
  flush();
  return texts;
};

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Removes a character up to `start` times from the beginning, and up to `stop` times from the end. */
function strip(text: string, character: string, start: number, stop: number): string {
  let from = 0;
  while (from < start && text.startsWith(character, from * character.length)) from++;
  let to = 0;
  const rest = text.slice(from * character.length);
  while (to < stop && rest.endsWith(character.repeat(to + 1))) to++;
  return rest.slice(0, rest.length - to * character.length);
}
