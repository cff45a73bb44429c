import { sizeAtLeast } from "../batch/sizeAtLeast.js";
import type { LanguageModel, NextToken, TokenReader } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { MetaError } from "../errors.js";
import { disposeParams, type Params } from "../params.js";
import { readMore, readPrompt, readToken } from "./readTokens.js";
import type { SharedPrefix } from "./sharedPrefix.js";

/** Logits of the next token of one sequence, which grows. */
export interface NextLogits {
  /** @param ids the whole sequence: that of the last call, and one more token */
  after(ids: readonly number[]): Promise<Float32Array>;
  dispose(): void;
}

/** A sequence to be read. */
export interface ReadOptions {
  readonly reader: TokenReader;
  readonly params: Params;
  /** Longest sequence that will be read, in tokens. */
  readonly capacity: number;
  readonly useCache: boolean;
  /** Tokens that have been read already, if the sequence begins with them. */
  readonly prefix?: SharedPrefix | undefined;
}

/** Reads a sequence, each token once, or, without a cache, all tokens at each call. */
export function nextLogits(options: ReadOptions): NextLogits {
  const { reader, params, capacity, useCache, prefix } = options;
  let cache: NextToken["cache"] | undefined;
  const keep = (next: NextToken["cache"] | undefined) => {
    if (cache) disposeParams(cache);
    cache = next;
  };
  // Rounded up, so that few lengths are compiled for.
  const shortest = (length: number) => Math.min(sizeAtLeast(length), capacity);
  const first = (ids: readonly number[]): NextToken => {
    const { readMore: more } = reader;
    if (!more || !useCache || !prefix?.begins(ids)) {
      return readPrompt(reader, params, ids, useCache ? capacity : shortest(ids.length));
    }
    const rest = { ids: ids.slice(prefix.length), position: prefix.length, capacity };
    return readMore({ readMore: more }, params, rest, prefix.cache);
  };
  return {
    async after(ids) {
      const position = ids.length - 1;
      const next =
        cache && useCache
          ? readToken(reader, params, { id: ids[position] as number, position }, cache)
          : first(ids);
      keep(next.cache);
      try {
        return (await next.logits.data()) as Float32Array;
      } finally {
        next.logits.dispose();
      }
    },
    dispose: () => keep(undefined),
  };
}

/** Compiled readers, by runtime: a reader is compiled once for all prompts. */
const compiledReaders = new WeakMap<object, WeakMap<TokenReader, TokenReader>>();

/** A model's reader of tokens. @throws MetaError `BAD_OPTION` for a model that does not generate */
export function requireReader({
  name,
  generation,
}: Pick<LanguageModel, "name" | "generation">): TokenReader {
  if (generation) return generation;
  throw new MetaError(
    "BAD_OPTION",
    `Expected a language model that generates, got ${name}, which has no \`generation\`. Give it a TokenReader.`,
  );
}

/**
 * A model's reader of tokens, compiled where there is a runtime.
 *
 * @throws MetaError `BAD_OPTION` for a model that does not generate
 */
export function tokenReaderOf(
  model: LanguageModel,
  runtime: Pick<TensorRuntime, "compile"> | undefined,
): TokenReader {
  const generation = requireReader(model);
  if (!runtime) return generation;
  const known = compiledReaders.get(runtime) ?? new WeakMap<TokenReader, TokenReader>();
  compiledReaders.set(runtime, known);
  const found = known.get(generation);
  if (found) return found;
  const compiled: TokenReader = {
    // Not XLA, which would compile for longer than most prompts and answers take to read.
    readPrompt: runtime.compile(generation.readPrompt, { name: "readPrompt", mode: "graph" }),
    readToken: runtime.compile(generation.readToken, { name: "readToken", mode: "graph" }),
    ...(generation.readMore && {
      readMore: runtime.compile(generation.readMore, { name: "readMore", mode: "graph" }),
    }),
  };
  known.set(generation, compiled);
  return compiled;
}
