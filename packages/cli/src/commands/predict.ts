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
import { parseDemonstration, readDemonstrations, readRequests } from "../predict/readRequests.js";
import { percent } from "../terminalTables.js";

/** Flags of `metalearn predict`. */
export interface PredictFlags extends PluginFlags {
  readonly checkpoint: string;
  readonly input?: string;
  readonly option: readonly string[];
  readonly demonstration: readonly string[];
  readonly demonstrations?: string;
  readonly json: boolean;
  readonly generate: boolean;
  readonly chat: boolean;
  readonly maxNewTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
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
  const first = flags.input === undefined ? undefined : await requests.next();
  const checkpoint = await openCheckpoint(flags.checkpoint, {
    config: flags.config,
    plugins: flags.plugin,
    changes,
  });
  const notify = (message: string) => console.error(message);
  const predictor = await openPredictor({ ...checkpoint, notify });
  const { signal, release } = onInterrupt(notify);
  try {
    const generation = { ...generationOf(flags), signal };
    const answer = async (request: PromptRequest) => {
      if (request.options.length === 0) {
        await answerInFreeText(predictor, request, { ...generation, json: flags.json });
        return;
      }
      const ranked = await predictor.rank(request);
      console.log(flags.json ? jsonLine(request, ranked) : table(request, ranked));
    };
    if (first && !first.done) await answer(first.value);
    else {
      if (process.stdin.isTTY) notify('One question a line: {"input": "...", "options": [...]}');
      for await (const request of requests) {
        await answer(request);
        signal.throwIfAborted();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new MetaError("INTERRUPTED", "Stopped before the answer was complete.", { cause: error });
  } finally {
    release();
    await predictor.close();
  }
}

/** Generation options from flags; others keep their defaults. */
function generationOf(flags: PredictFlags): FreeTextOptions {
  const { chat, maxNewTokens, temperature, topK, topP, stop, seed } = flags;
  const given = Object.entries({ chat, maxNewTokens, temperature, topK, topP, stop, seed });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
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
