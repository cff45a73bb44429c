import type { RunConfig } from "../config/schema.js";
import { isLanguageModel } from "../contracts/model.js";
import type { Prompter, PromptRequest } from "../contracts/prompter.js";
import type { Question, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { targetAdapter } from "../evaluate/adaptation.js";
import { type Baseline, isBaseline } from "../evaluate/answerMethods.js";
import { cutMessages } from "../evaluate/cutQuestions.js";
import { evaluate } from "../evaluate/evaluate.js";
import { requireMemory } from "../evaluate/requireMemory.js";
import type { Answer } from "../evaluate/scoreAnswers.js";
import { type Generation, generate } from "../generate/generate.js";
import { type GenerationOptions, generationOptions } from "../generate/generationOptions.js";
import { type GenerationPrompt, promptIds } from "../generate/promptIds.js";
import { disposeParams, type Params } from "../params.js";
import { parseOptions } from "../plugin/parseOptions.js";
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

/** Options of {@link OpenPredictor.generate}. */
export interface FreeTextOptions extends GenerationOptions {
  /** Writes the question by the chat template of the model's tokenizer. @default false */
  readonly chat?: boolean;
  /** Is given the text piece by piece. */
  readonly onText?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A trained model, ready for questions. */
export interface OpenPredictor {
  /** Ranks the options of a question, best first. @throws MetaError `BAD_DATA`, `BAD_OPTION` or `NON_FINITE` */
  rank(request: PromptRequest): Promise<RankedOption[]>;
  /**
   * Generates the answer to a question without options: after its prompt, or, in a chat, as the assistant's next
   * message, with demonstrations as earlier messages. After demonstrations of a prompt an answer ends with its
   * line, unless `stop` says otherwise.
   *
   * @throws MetaError `BAD_DATA`, `BAD_OPTION` or `NON_FINITE`; the signal's reason
   */
  generate(request: PromptRequest, options?: FreeTextOptions): Promise<Generation>;
  close(): Promise<void>;
}

/**
 * Opens a run's model for single questions. It answers them as evaluation would: with the prompts of the
 * run's tasks, by `evaluate.method`, and adapted to the demonstrations if `evaluate.adapt` is set. The
 * data of the tasks is not needed. Parameters are read for the first question, after it was checked; `notify` is told
 * how much is kept of a question that is cut.
 *
 * @throws MetaError `BAD_OPTION` when the run's tasks cannot write single questions, its method uses no
 *   model, or its model is not a language model; errors of the components
 */
export async function openPredictor({
  toolkit,
  config,
  configFile,
  parameters,
  notify = () => {},
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
    const runtime = await scope.get("runtime"); // first, so that all tensors live on it
    const model = await scope.get("model");
    if (!isLanguageModel(model)) {
      throw new MetaError(
        "BAD_OPTION",
        `predict: expected a run with a language model, got ${model.name}.`,
      );
    }
    const write = prompter(toolkit.check("tasks", tasks), model);
    const adaptation = adapt && (await openAdaptation(scope, config, adapt));
    let loading: Promise<Params> | undefined;
    /** The parameters, which are read for the first question, after it has been checked. */
    const loaded = () => {
      loading ??= openParams(model, { parameters, seed });
      return loading;
    };
    /** The target's only question; tells which parts of it are cut. */
    const questionOf = async (target: TargetTask) => {
      const [question] = (await target.questions(seed)) as [Question];
      if (question.cut) for (const message of cutMessages(question.cut, model)) notify(message);
      return question;
    };
    return {
      async rank(request) {
        const target = write(request);
        const question = await questionOf(target);
        requireMemory(question, { model, runtime });
        const params = await loaded();
        const answers: Answer[] = [];
        const keep = async (_: string, __: number, own: readonly Answer[]) => {
          answers.push(...own);
        };
        await evaluate({
          model,
          params,
          method,
          adaptation,
          targets: [{ ...target, questions: async () => [question] }],
          seeds: [seed],
          answers: { has: () => false, add: keep },
        });
        return ranked(answers[0] as Answer);
      },
      async generate(request, { chat = false, onText, signal, ...given } = {}) {
        const target = () => write({ ...request, options: [] });
        const asked = chat ? chatOf(request) : promptOf(await questionOf(target()));
        const hasShots = !chat && request.demonstrations.length > 0;
        // The oldest demonstrations are dropped where they do not fit, but never a part of the question.
        const options = { truncatePrompt: hasShots, ...(hasShots && { stop: "\n" }), ...given };
        const { ids, dropped } = promptIds(model, asked, parseOptions(generationOptions, options));
        if (dropped > 0) {
          notify(
            `The prompt was cut: its last ${ids.length} of ${ids.length + dropped} tokens are read, so that the answer fits into the ${model.maxTokens} of ${model.name}.`,
          );
        }
        const answer = async (adapted: Params) => {
          const read = { model, params: adapted, runtime, signal, prompt: ids };
          const pieces = generate({ ...read, ...options });
          for (;;) {
            const { done, value } = await pieces.next();
            if (done) return value;
            onText?.(value.text);
          }
        };
        const params = await loaded();
        const adapter = adaptation && targetAdapter({ ...{ model, params, runtime, adaptation } });
        return adapter ? adapter.scored(target(), seed, answer) : answer(params);
      },
      async close() {
        if (loading) disposeParams(await loading.catch(() => ({})));
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

/** A question as the last message of a chat, after demonstrations as earlier ones. */
function chatOf({ input, demonstrations }: PromptRequest): GenerationPrompt {
  const shown = demonstrations.flatMap(({ input, output }) => [
    { role: "user", content: input },
    { role: "assistant", content: output },
  ]);
  return { messages: [...shown, { role: "user", content: input }] };
}

/** The prompt of a question. @throws MetaError `BAD_OPTION` when it has none */
function promptOf({ prompt }: Question): GenerationPrompt {
  if (prompt) return { prompt };
  throw new MetaError(
    "BAD_OPTION",
    "The run's tasks cannot write questions without options. Give options.",
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
