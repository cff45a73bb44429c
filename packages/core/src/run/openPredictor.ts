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

/** An option of a question, and how it compares with the others. */
export interface RankedOption {
  readonly option: string;
  /**
   * Softmax of the negative scores over the options. It ranks as evaluation does, and is calibrated to
   * nothing.
   */
  readonly probability: number;
  /** As evaluation has it: mean negative log-likelihood in nats a token, or its difference with `pmi`. */
  readonly score: number;
}

/** Options of {@link openPredictor}. */
export interface PredictorOptions {
  readonly toolkit: Toolkit;
  /** The run's config: its model, its tasks' prompts and how it is evaluated. */
  readonly config: RunConfig;
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  /** The folder with the model's parameters. @default none: they are drawn from the seed */
  readonly parameters?: string | undefined;
  /** Tells the user something in one line. */
  readonly notify?: (message: string) => void;
}

/** A trained model, ready for questions. */
export interface OpenPredictor {
  /** The options, the best one first. @throws MetaError `BAD_DATA`, `BAD_OPTION` or `NON_FINITE` */
  rank(request: PromptRequest): Promise<RankedOption[]>;
  close(): Promise<void>;
}

/**
 * Opens a run's model for questions, which it answers as `evaluate` would: with the prompts of its tasks,
 * by `evaluate.method`, and adapted to the demonstrations if `evaluate.adapt` says so. The tasks' data is
 * not needed.
 *
 * @throws MetaError `BAD_OPTION` when the run's tasks cannot write single questions, or its method needs
 *   no model; what the components throw
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
    updates: 1, // schedules of optimizers that adapt are at their first update
    configFile,
    notify,
  });
  try {
    await scope.get("runtime"); // first, so that all tensors live on it
    const model = await scope.get("model");
    if (!isLanguageModel(model)) {
      throw new MetaError(
        "BAD_OPTION",
        `Questions are asked of language models; the run has ${model.name}.`,
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
  throw new MetaError("BAD_OPTION", `The tasks ${use} cannot write single questions.`);
}

function noModel(method: Baseline): MetaError {
  return new MetaError(
    "BAD_OPTION",
    `The method ${method} asks no model. Set evaluate.method=likelihood or pmi.`,
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
