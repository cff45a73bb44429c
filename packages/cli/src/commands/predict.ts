import type { PromptRequest } from "@metalearn/core";
import { openPredictor, type RankedOption } from "@metalearn/core/runs";
import type { PluginFlags } from "../flags.js";
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
}

/**
 * Asks a checkpoint the question of the command line, or every line of stdin, and prints the options,
 * the best one first.
 */
export async function predict(changes: readonly string[], flags: PredictFlags): Promise<void> {
  const given = {
    input: flags.input,
    options: flags.option,
    demonstrations: [
      ...(flags.demonstrations ? await readDemonstrations(flags.demonstrations) : []),
      ...flags.demonstration.map(parseDemonstration),
    ],
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
  try {
    const answer = async (request: PromptRequest) => {
      const ranked = await predictor.rank(request);
      console.log(flags.json ? jsonLine(request, ranked) : table(request, ranked));
    };
    if (first && !first.done) await answer(first.value);
    else {
      if (process.stdin.isTTY) notify('One question a line: {"input": "...", "options": [...]}');
      for await (const request of requests) await answer(request);
    }
  } finally {
    await predictor.close();
  }
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
