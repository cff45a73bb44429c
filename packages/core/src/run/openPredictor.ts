import type { RunConfig } from "../config/schema.js";
import { isLanguageModel } from "../contracts/model.js";
import type { Prompter, PromptRequest } from "../contracts/prompter.js";
import { MetaError } from "../errors.js";
import { type Baseline, isBaseline } from "../evaluate/answerMethods.js";
import { evaluate } from "../evaluate/evaluate.js";
import type { Answer } from "../evaluate/scoreAnswers.js";
import { disposeParams } from "../params.js";
import type { Toolkit } from "../plugin/toolkit.js";
import { referencesOf } from "./componentsOf.js";
import { openParams } from "./findParams.js";
import { openAdaptation } from "./openAdaptation.js";

/** An option of a question, with its score and probability. */
export interface RankedOption {
  readonly option: string;
  /**
   * Softmax of the negative scores over the options. It ranks options as evaluation does; it is not
   * calibrated.
   */
  readonly probability: number;
  /** Score of the evaluation method: mean negative log-likelihood in nats per token; with `pmi`, its difference. */
  readonly score: number;
}

/** Options of {@link openPredictor}. */
export interface PredictorOptions {
  readonly toolkit: Toolkit;
  /** The run's config: gives the model, the prompts of its tasks, and the evaluation method. */
  readonly config: RunConfig;
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  /** Folder of the model's parameters. @default none: they are initialized from the seed */
  readonly parameters?: string | undefined;
  /** Called with one-line messages to the user. @default no-op */
  readonly notify?: (message: string) => void;
}

/** A trained model, ready for questions. */
export interface OpenPredictor {
  /** Ranks the options of a question, best first. @throws MetaError `BAD_DATA`, `BAD_OPTION` or `NON_FINITE` */
  rank(request: PromptRequest): Promise<RankedOption[]>;
  close(): Promise<void>;
}

/**
 * Opens a run's model for single questions. It answers them as evaluation would: with the prompts of the
 * run's tasks, by `evaluate.method`, and adapted to the demonstrations if `evaluate.adapt` is set. The
 * data of the tasks is not needed.
 *
 * @throws MetaError `BAD_OPTION` when the run's tasks cannot write single questions, its method uses no
 *   model, or its model is not a language model; errors of the components
 */
export async function openPredictor({
  toolkit,
  config,
  configFile,
  parameters,
  notify,
}: PredictorOptions): Promise<OpenPredictor> {
  const { seed, tasks } = config;
  const { method, adapt } = config.evaluate;
  if (isBaseline(method)) throw noModel(method);
  const prompter = prompterOf(toolkit.plugins, tasks.use);
  const scope = toolkit.open({
    seed,
    references: referencesOf(config),
    updates: 1, // in adaptation, learning-rate schedules stay at their first update
    configFile,
    notify,
  });
  try {
    await scope.get("runtime"); // first, so that all tensors live on it
    const model = await scope.get("model");
    if (!isLanguageModel(model)) {
      throw new MetaError(
        "BAD_OPTION",
        `predict: expected a run with a language model, got ${model.name}.`,
      );
    }
    const write = prompter(toolkit.check("tasks", tasks), model);
    const adaptation = adapt && (await openAdaptation(scope, config, adapt));
    const params = await openParams(model, { parameters, seed });
    return {
      async rank(request) {
        const answers: Answer[] = [];
        const keep = async (_: string, __: number, own: readonly Answer[]) => {
          answers.push(...own);
        };
        await evaluate({
          model,
          params,
          method,
          adaptation,
          targets: [write(request)],
          seeds: [seed],
          answers: { has: () => false, add: keep },
        });
        return ranked(answers[0] as Answer);
      },
      async close() {
        disposeParams(params);
        await scope.dispose();
      },
    };
  } catch (error) {
    await scope.dispose();
    throw error;
  }
}

/** @throws MetaError `BAD_OPTION` */
function prompterOf(plugins: Toolkit["plugins"], use: string): Prompter {
  const found = plugins.find(({ tasks }) => tasks && use in tasks)?.prompters?.[use];
  if (found) return found;
  throw new MetaError(
    "BAD_OPTION",
    `tasks: expected tasks whose plugin has a prompter, got ${use}, which cannot write single questions.`,
  );
}

function noModel(method: Baseline): MetaError {
  return new MetaError(
    "BAD_OPTION",
    `evaluate.method: expected a method that uses a model, got ${method}. Set evaluate.method=likelihood or pmi.`,
  );
}

function ranked({ options, scores }: Answer): RankedOption[] {
  const best = Math.min(...scores);
  const weights = scores.map((score) => Math.exp(best - score));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return options
    .map((option, i) => ({
      option,
      probability: (weights[i] as number) / total,
      score: scores[i] as number,
    }))
    .sort((a, b) => a.score - b.score);
}
