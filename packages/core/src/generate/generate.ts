import { setImmediate } from "node:timers/promises";
import { sizeAtLeast } from "../batch/sizeAtLeast.js";
import { modelParams } from "../contracts/learnerParams.js";
import type { LanguageModel } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { parseOptions } from "../plugin/parseOptions.js";
import { randomFor } from "../random.js";
import {
  type CheckedGenerationOptions,
  type GenerationOptions,
  generationOptions,
} from "./generationOptions.js";
import { argMax, drawToken, filterLogits } from "./logitsFilters.js";
import { nextLogits, tokenReaderOf } from "./nextLogits.js";
import { type GenerationPrompt, promptIds } from "./promptIds.js";
import type { SharedPrefix } from "./sharedPrefix.js";
import { textStream } from "./textStream.js";

/** Options of {@link generate}. */
export type GenerateOptions = GenerationOptions &
  GenerationPrompt & {
    readonly model: LanguageModel;
    readonly params: Params;
    /** Compiles the model's functions, once for each of few capacities. @default they run uncompiled */
    readonly runtime?: Pick<TensorRuntime, "compile"> | undefined;
    readonly signal?: AbortSignal | undefined;
  };

/** A piece of a generated text. */
export interface GeneratedPiece {
  /** Text that later tokens do not change; empty while a character or a stop text may be unfinished. */
  readonly text: string;
  /** Tokens since the last piece: one, or none where the end sets text free. */
  readonly ids: readonly number[];
}

/** A generated text. */
export interface Generation {
  /** Generated text, without the prompt and without the token or text that ended it. */
  readonly text: string;
  /** All generated tokens, as transformers returns them: a last stop token is one of them. */
  readonly ids: readonly number[];
  /** `stop`: at a stop token or text; `length`: after `maxNewTokens`. */
  readonly finishReason: "stop" | "length";
}

/**
 * Generates text after a prompt, token by token.
 *
 * A text prompt is encoded with the tokens that the checkpoint puts before texts; token ids are read unchanged;
 * messages are written by the tokenizer's chat template. The same seed gives the same text. Ending the loop early
 * frees all tensors.
 *
 * @example
 * for await (const { text } of generate({ model, params, prompt: "Once" })) process.stdout.write(text);
 * @throws MetaError `BAD_OPTION`, also for a model or tokenizer that lacks what is asked for; `BAD_DATA` for
 *   an empty prompt, unknown token ids, or one that is too long; `NON_FINITE`; the signal's reason
 * Source: transformers' `generate`.
 */
export function generate(
  options: GenerateOptions,
): AsyncGenerator<GeneratedPiece, Generation, undefined> {
  return piecesAfter(options);
}

async function* piecesAfter(
  options: GenerateOptions,
  prefix?: SharedPrefix,
): AsyncGenerator<GeneratedPiece, Generation, undefined> {
  const { model, params, prompt, messages, runtime, signal, ...given } = options;
  const checked = parseOptions(generationOptions, given);
  const reader = tokenReaderOf(model, runtime);
  const asked = { prompt, messages } as GenerationPrompt;
  const { ids: start, maxNewTokens } = promptIds(model, asked, checked);
  const choose = chooser(checked);
  const ends = new Set(eosTokenIds(model, checked));
  const text = textStream((ids) => model.tokenizer.decode(ids), [checked.stop].flat());
  const sequence = [...start];
  const generated: number[] = [];
  const last: number[] = []; // the stop token, which has no text
  let whole = "";
  let finishReason: Generation["finishReason"] = "length";
  const logits = nextLogits({
    reader,
    params: modelParams(params),
    capacity: Math.min(sizeAtLeast(start.length + maxNewTokens), model.maxTokens),
    useCache: checked.useCache,
    prefix,
  });
  try {
    while (generated.length < maxNewTokens) {
      signal?.throwIfAborted();
      const id = choose(requireNumbers(await logits.after(sequence), model));
      sequence.push(id);
      generated.push(id);
      if (ends.has(id)) {
        finishReason = "stop";
        last.push(id);
        break;
      }
      const next = text.add(id);
      whole += next;
      yield { text: next, ids: [id] };
      if (text.isStopped) break;
      await setImmediate(); // lets signals and timers in
    }
    const rest = text.end();
    whole += rest;
    if (text.isStopped) finishReason = "stop";
    if (rest !== "" || last.length > 0) yield { text: rest, ids: last };
    return { text: whole, ids: generated, finishReason };
  } finally {
    logits.dispose();
  }
}

/** Generates the whole text at once: {@link generate} without streaming. */
export function generateText(options: GenerateOptions): Promise<Generation> {
  return generateTextAfter(options);
}

/**
 * Generates the whole text at once after tokens that several prompts begin with.
 *
 * @param prefix tokens that are not read again if the prompt begins with them
 */
export async function generateTextAfter(
  options: GenerateOptions,
  prefix?: SharedPrefix,
): Promise<Generation> {
  const pieces = piecesAfter(options, prefix);
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return value;
  }
}

/** Picks the next token: the likeliest, or one that is drawn. */
function chooser({ temperature, topK, topP, seed }: CheckedGenerationOptions) {
  if (temperature === 0) return argMax;
  const random = randomFor("generate", seed);
  return (logits: Float32Array) =>
    drawToken(filterLogits(logits, { temperature, topK, topP }), random.uniform());
}

function eosTokenIds(
  { tokenizer }: LanguageModel,
  { eosTokenId }: CheckedGenerationOptions,
): readonly number[] {
  return eosTokenId === undefined ? (tokenizer.eosTokenIds ?? []) : [eosTokenId].flat();
}

function requireNumbers(logits: Float32Array, { name }: LanguageModel): Float32Array {
  if (logits.every(Number.isFinite)) return logits;
  throw new MetaError(
    "NON_FINITE",
    `The logits of ${name} are not finite. Its parameters may have diverged in training.`,
  );
}
