import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { Learner } from "../contracts/learner.js";
import { learnerParams, modelParams, withMetaParams } from "../contracts/learnerParams.js";
import type { Model } from "../contracts/model.js";
import type { ObjectiveOptions } from "../contracts/objective.js";
import { type MetaOptimizer, type MetaState, stateTensors } from "../contracts/optimizer.js";
import { batchesPerUpdate, type Episode, type TaskSampler } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { createObjective } from "../objective/createObjective.js";
import { freeze } from "../objective/freeze.js";
import { globalNorm, type Params } from "../params.js";
import { tidy } from "../tidy.js";
import { outerUpdate } from "./outerUpdate.js";

/** What meta-training needs. */
export interface MetaTrainOptions<B extends Batch = Batch> extends ObjectiveOptions {
  readonly model: Model<B>;
  readonly learner: Learner<B>;
  readonly optimizer: MetaOptimizer;
  readonly sampler: TaskSampler<B>;
  /**
   * Where training starts; `Learner.metaParams` are added unless they are there. The caller keeps
   * these tensors, unless `consume` is set.
   */
  readonly params: Params;
  /**
   * Frees `params` and the tensors of `resume` when they have been replaced, which saves their
   * memory during the first update.
   *
   * @default false
   */
  readonly consume?: boolean;
  /**
   * Which parameters training changes: names, where `*` stands for any text and a `!` leaves out
   * (`["*.lora_*"]`, `["*", "!wte.*"]`). The others are frozen: learner and optimizer do not see
   * them, and every update yields the very tensors of `params`.
   *
   * @default all
   */
  readonly trainable?: readonly string[] | undefined;
  /** Meta-updates to make, those before `resume` included. */
  readonly updates: number;
  /** Where an earlier training stopped; the sampler must have been restored to the same point. */
  readonly resume?: { readonly update: number; readonly state: MetaState };
  /** Ends training after the update in progress. */
  readonly signal?: AbortSignal;
}

/** One meta-update. */
export interface MetaUpdate {
  /** Meta-updates made so far. */
  readonly update: number;
  /** Batches read so far, support and query alike. */
  readonly batches: number;
  /** Tokens of this update, padding included; 0 for models that read none. */
  readonly tokens: number;
  /** Mean query loss before the update. */
  readonly loss: number;
  /** Norm of the meta-gradient over all tensors, before any clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Duration of this update. */
  readonly seconds: number;
  /** Parameters after the update, those of the learner included. */
  readonly params: Params;
  readonly state: MetaState;
}

/**
 * Meta-trains, yielding after every meta-update. The tensors of the latest update belong to the
 * caller; those of the update before are freed when the next one is asked for. Whoever leaves the
 * loop ends the training: no update is made that was not asked for.
 *
 * @example
 * for await (const { update, loss, params } of metaTrain({ ... })) console.log(update, loss);
 * @throws MetaError `NON_FINITE` when a loss or gradient is NaN or infinite; the parameters before
 *   that update are untouched; `BAD_OPTION` for a pattern of `trainable` that no parameter matches
 */
export async function* metaTrain<B extends Batch>(
  options: MetaTrainOptions<B>,
): AsyncGenerator<MetaUpdate, void, void> {
  const { learner, optimizer, sampler, updates, resume, signal, trainable = ["*"] } = options;
  const { model, trained, whole } = freeze(options.model, modelParams(options.params), trainable);
  const objective = createObjective(model, options);
  const normOf = options.runtime?.compile(globalNorm, { name: "gradient norm" }) ?? globalNorm;
  const apply = outerUpdate(optimizer, options.runtime);
  const perUpdate = batchesPerUpdate(learner.episodes);
  let params = withMetaParams(learner, { ...trained, ...learnerParams(options.params) });
  let state = resume?.state ?? { optimizer: optimizer.init(params) };
  const start = [...Object.values(options.params), ...(resume ? metaTensors(resume.state) : [])];
  const given = new Set(options.consume ? [] : start);
  const take = (tensor: tf.Tensor) => (given.has(tensor) ? tensor.clone() : tensor);
  let isFirst = true;

  try {
    for (let update = (resume?.update ?? 0) + 1; update <= updates; update++) {
      if (signal?.aborted) return;
      const begun = performance.now();
      const learningRate = optimizer.learningRate(state.optimizer);
      const { gradients, norm, ...made } = tidy(() => {
        const episodes = sampler.next(learner.episodes);
        const meta = learner.metaGradient(objective, params, episodes, state);
        const norm = normOf(meta.gradients);
        const [loss, gradientNorm] = [scalarValue(meta.loss), scalarValue(norm)];
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
          throw nonFinite(update, loss, meta.gradients, episodes);
        }
        return { ...meta, norm, loss, gradientNorm, tokens: countTokens(episodes) };
      });
      const kept = new Set(metaTensors(made.state));
      for (const tensor of metaTensors(state)) {
        if (!kept.has(tensor) && !given.has(tensor)) tensor.dispose();
      }
      const applied = apply(gradients, made.state.optimizer, params, { norm, take });
      norm.dispose();
      params = applied.params;
      state = { ...made.state, optimizer: applied.state };
      const seconds = (performance.now() - begun) / 1000;
      await setImmediate(); // lets signals, timers and progress bars run
      const batches = update * perUpdate;
      isFirst = false;
      yield { ...made, params: whole(params), state, update, batches, learningRate, seconds };
    }
  } finally {
    if (isFirst) disposeOthers([...Object.values(params), ...metaTensors(state)], start);
  }
}

/** Frees what training has made of its own before the first update. */
function disposeOthers(tensors: readonly tf.Tensor[], start: readonly tf.Tensor[]): void {
  for (const tensor of tensors) if (!start.includes(tensor)) tensor.dispose();
}

/** All tensors that training carries besides parameters. */
export function metaTensors({ optimizer, inner }: MetaState): tf.Tensor[] {
  return [...stateTensors(optimizer), ...(inner ? stateTensors(inner) : [])];
}

function scalarValue(scalar: tf.Scalar): number {
  return Number(scalar.dataSync()[0]);
}

/** Tokens that episodes hold, padding included; 0 for models that read none. */
export function countTokens(episodes: readonly Episode[]): number {
  return episodes
    .flatMap(({ support, query }) => [...support, query])
    .reduce((sum, { inputIds }) => sum + (inputIds?.size ?? 0), 0);
}

function nonFinite(
  update: number,
  loss: number,
  gradients: Params,
  episodes: readonly Episode[],
): MetaError {
  const tensor = Object.keys(gradients).find((name) => {
    const value = gradients[name];
    return value && !Number.isFinite(scalarValue(tf.sum(tf.abs(value))));
  });
  const tasks = [...new Set(episodes.flatMap((episode) => episode.tasks))].join(", ");
  const where = tensor ? `the gradient of "${tensor}" is not finite` : "the gradient is too large";
  return new MetaError(
    "NON_FINITE",
    `At meta-update ${update} the loss is ${loss} and ${where} (tasks: ${tasks || "unnamed"}). The update was not made. Try a smaller learning rate or gradient clipping.`,
  );
}
