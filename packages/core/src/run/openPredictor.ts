import { loadTrainedParams } from "../checkpoint/checkpoint.js";
import { isLanguageModel } from "../contracts/model.js";
import type { Prompter, PromptRequest } from "../contracts/prompter.js";
import { MetaError } from "../errors.js";
import { type Baseline, isBaseline } from "../evaluate/answerMethods.js";
import { evaluate } from "../evaluate/evaluate.js";
import type { Answer } from "../evaluate/scoreAnswers.js";
import { disposeParams } from "../params.js";
import type { Reference } from "../plugin/plugin.js";
import { openAdaptation } from "./openAdaptation.js";
import type { RunOptions } from "./openRun.js";

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
 * @param parameters the folder with the model's parameters; without one they are drawn from the seed
 * @throws MetaError `BAD_OPTION` when the run's tasks cannot write single questions, or its method needs
 *   no model; what the components throw
 */
export async function openPredictor(
  { toolkit, config, configFile, notify }: Omit<RunOptions, "directory" | "name">,
  parameters: string | undefined,
): Promise<OpenPredictor> {
  const { seed, train: _, evaluate: how, trainable: __, ...references } = config;
  if (isBaseline(how.method)) throw noModel(how.method);
  const { method } = how;
  const prompter = prompterOf(toolkit.plugins, config.tasks as Reference);
  const bench = toolkit.open({
    seed,
    references: references as Record<string, Reference>,
    configFile,
    notify,
  });
  try {
    await bench.get("runtime"); // first, so that all tensors live on it
    const model = await bench.get("model");
    if (!isLanguageModel(model)) {
      throw new MetaError(
        "BAD_OPTION",
        `Questions are asked of language models; the run has ${model.name}.`,
      );
    }
    bench.plan(1); // schedules of optimizers that adapt are at their first update
    const write = prompter(toolkit.check("tasks", config.tasks as Reference), model);
    const adaptation = how.adapt && (await openAdaptation(bench, config, how.adapt as Reference));
    const params = parameters ? await loadTrainedParams(model, parameters) : await model.init(seed);
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
        await bench.dispose();
      },
    };
  } catch (error) {
    await bench.dispose();
    throw error;
  }
}

/** @throws MetaError `BAD_OPTION` */
function prompterOf(plugins: RunOptions["toolkit"]["plugins"], { use }: Reference): Prompter {
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
