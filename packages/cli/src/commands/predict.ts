import { MetaError, type PromptRequest } from "@metalearn/core";
import {
  type FreeTextOptions,
  type OpenPredictor,
  openPredictor,
  type RankedOption,
} from "@metalearn/core/runs";
import type { PluginFlags } from "../flags.js";
import { onInterrupt } from "../interrupt.js";
import { openCheckpoint } from "../openCheckpoint.js";
import {
  type GenerationFlags,
  generationOf,
  namingFlags,
  requireFreeText,
  unusedFlags,
} from "../predict/generationFlags.js";
import { parseDemonstration, readDemonstrations, readRequests } from "../predict/readRequests.js";
import { percent } from "../terminalTables.js";

/** Flags of `metalearn predict`. */
export interface PredictFlags extends PluginFlags, GenerationFlags {
  readonly checkpoint: string;
  readonly input?: string;
  readonly option: readonly string[];
  readonly demonstration: readonly string[];
  readonly demonstrations?: string;
  readonly json: boolean;
  readonly generate: boolean;
  readonly chat: boolean;
}

/**
 * Asks a checkpoint the question of the command line, or every line of stdin, and prints the options,
 * the best one first, or an answer in free text.
 */
export async function predict(changes: readonly string[], flags: PredictFlags): Promise<void> {
  const given = {
    input: flags.input,
    options: flags.option,
    demonstrations: [
      ...(flags.demonstrations ? await readDemonstrations(flags.demonstrations) : []),
      ...flags.demonstration.map(parseDemonstration),
    ],
    isFreeForm: flags.generate || flags.chat,
  };
  const requests = readRequests(given, process.stdin);
  // Before anything is loaded: a mistake on the command line shows at once.
  const generation = generationOf(flags);
  const only = flags.input === undefined ? undefined : await requests.next();
  if (only && !only.done) requireFreeText(only.value.request, flags);
  const checkpoint = await openCheckpoint(flags.checkpoint, {
    config: flags.config,
    plugins: flags.plugin,
    changes,
  });
  let place = ""; // of the question, in messages
  const notify = (message: string) => console.error(`${place}${message}`);
  const predictor = await openPredictor({ ...checkpoint, notify });
  const { signal, release } = onInterrupt((message) => console.error(message));
  let isFreeText = false;
  try {
    const answer = async (request: PromptRequest) => {
      if (request.options.length === 0) {
        isFreeText = true;
        const options = { ...generation, chat: flags.chat, signal, json: flags.json };
        await namingFlags(() => answerInFreeText(predictor, request, options));
        return;
      }
      const ranked = await predictor.rank(request);
      console.log(flags.json ? jsonLine(request, ranked) : table(request, ranked));
    };
    if (only && !only.done) await answer(only.value.request);
    else {
      if (process.stdin.isTTY) notify('One question a line: {"input": "...", "options": [...]}');
      for await (const { request, where } of requests) {
        place = `${where}: `;
        await answer(request);
        signal.throwIfAborted();
      }
      place = "";
      const unused = isFreeText ? undefined : unusedFlags(flags);
      if (unused !== undefined) notify(unused);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new MetaError("INTERRUPTED", "Stopped before the answer was complete.", { cause: error });
  } finally {
    release();
    await predictor.close();
  }
}

/** Prints an answer: piece by piece on a terminal, whole otherwise. */
async function answerInFreeText(
  predictor: OpenPredictor,
  request: PromptRequest,
  { json, ...options }: FreeTextOptions & { readonly json: boolean },
): Promise<void> {
  const streams = process.stdout.isTTY && !json;
  const onText = (text: string) => streams && process.stdout.write(text);
  const { text, finishReason } = await predictor.generate(request, { ...options, onText });
  if (json) console.log(JSON.stringify({ input: request.input, prediction: text, finishReason }));
  else console.log(streams ? "" : text);
}

function jsonLine({ input }: PromptRequest, options: readonly RankedOption[]): string {
  return JSON.stringify({ input, prediction: options[0]?.option, options });
}

function table({ input }: PromptRequest, options: readonly RankedOption[]): string {
  const lines = options.map(({ option, probability, score }) => {
    const share = `${percent(probability)} %`.padStart(9);
    return `${share}  ${score.toFixed(4).padStart(8)} nats/token  ${option}`;
  });
  return [input, ...lines].join("\n");
}
