import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import { findNonFinite } from "../checkpoint/requireFinite.js";
import type { Learner } from "../contracts/learner.js";
import { learnerParams, modelParams, withMetaParams } from "../contracts/learnerParams.js";
import type { Model } from "../contracts/model.js";
import { type MetaOptimizer, type MetaState, stateTensors } from "../contracts/optimizer.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { batchesPerUpdate, type Episode, type TaskSampler } from "../contracts/task.js";
import { isMetaError, MetaError, messageOf } from "../errors.js";
import type { ComputeOptions } from "../objective/computeOptions.js";
import { createObjective } from "../objective/createObjective.js";
import { freeze } from "../objective/freeze.js";
import { globalNorm, type Params } from "../params.js";
import { inCharge } from "../plugin/inCharge.js";
import { tidy } from "../tidy.js";
import { checkedAtFirst, type SecondOrderCheckOptions } from "./checkSecondOrder.js";
import { metricValues } from "./metricValues.js";
import { outerUpdate } from "./outerUpdate.js";

/** Options of {@link metaTrain}. */
export interface MetaTrainOptions<B extends Batch = Batch>
  extends ComputeOptions,
    SecondOrderCheckOptions {
  readonly model: Model<B>;
  readonly learner: Learner<B>;
  readonly optimizer: MetaOptimizer;
  readonly sampler: TaskSampler<B>;
  /**
   * Initial parameters. `Learner.metaParams` are added unless already present. The caller still owns the
   * tensors, unless `consume` is set.
   */
  readonly params: Params;
  /**
   * Frees `params` and the tensors of `resume` once they are replaced, which saves their memory during the
   * first update.
   *
   * @default false
   */
  readonly consume?: boolean;
  /** Total number of meta-updates, including those before `resume`. */
  readonly updates: number;
  /** State of an earlier training to resume; the sampler must be restored to the same point. */
  readonly resume?: { readonly update: number; readonly state: MetaState };
  /** Compiles the functions. @default they run uncompiled */
  readonly runtime?: Pick<TensorRuntime, "compile" | "compileStages">;
  /** Ends training after the current update. */
  readonly signal?: AbortSignal;
}

/** Result of one meta-update. */
export interface MetaUpdate {
  /** Number of meta-updates so far. */
  readonly update: number;
  /** Number of batches read so far, support and query. */
  readonly batches: number;
  /** Tokens of this update, padding included; 0 for models that read none. */
  readonly tokens: number;
  /** Mean query loss before the update. */
  readonly loss: number;
  /** Norm of the meta-gradient over all tensors, before any clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** The learner's own metrics, by name; empty for learners that log none. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Duration of this update. */
  readonly seconds: number;
  /** Parameters after the update, those of the learner included. */
  readonly params: Params;
  readonly state: MetaState;
}

/**
 * Meta-trains, yielding after every meta-update. The sampler draws the episodes of an update, the learner
 * computes their meta-gradient (`learner.metaGradient`), and the optimizer applies it. There is no call of a
 * gradient here: the learner takes gradients of the loss by the objective that it is given
 * (`objective.gradient`, `hvp` or `linearize`; see {@link createObjective}).
 *
 * The tensors of the latest update belong to the caller; those of the update before are freed when the next
 * one is asked for. Leaving the loop ends the training: no further update is made.
 *
 * @example
 * for await (const { update, loss, params } of metaTrain({ ... })) console.log(update, loss);
 * @throws MetaError `NON_FINITE` when a loss or gradient is NaN or infinite; the parameters before
 *   that update are untouched; also after the last update, when it made parameters NaN or infinite; `BAD_OPTION` for a pattern of `trainable` that no parameter matches;
 *   `NOT_DIFFERENTIABLE` or `WRONG_DERIVATIVE` when the learner needs second derivatives that the
 *   model's loss does not have, or has wrong
 */
export async function* metaTrain<B extends Batch>(
  options: MetaTrainOptions<B>,
): AsyncGenerator<MetaUpdate, void, void> {
  const { learner, optimizer, sampler, updates, resume, signal, trainable = ["*"] } = options;
  const { model, trained, whole } = freeze(options.model, modelParams(options.params), trainable);
  const objective = checkedAtFirst(createObjective(model, options), options);
  const normOf = options.runtime?.compile(globalNorm, { name: "gradient norm" }) ?? globalNorm;
  const apply = outerUpdate(optimizer, options.runtime);
  const perUpdate = batchesPerUpdate(learner.episodes);
  const initial = withMetaParams(learner, { ...trained, ...learnerParams(options.params) });
  optimizer.checkNames?.(Object.keys(initial));
  let params = initial;
  let state = resume?.state ?? { optimizer: optimizer.init(params) };
  const start = [...Object.values(options.params), ...(resume ? metaTensors(resume.state) : [])];
  const { take, free } = ownership(options.consume ? [] : start);

  try {
    for (let update = (resume?.update ?? 0) + 1; update <= updates; update++) {
      if (signal?.aborted) return;
      const begun = performance.now();
      const learningRate = optimizer.learningRate(state.optimizer);
      const { gradients, norm, ...made } = tidy(() => {
        const episodes = sampler.next(learner.episodes);
        const meta = ofLearner(learner.name, update, () =>
          learner.metaGradient(objective, params, episodes, state),
        );
        const norm = normOf(meta.gradients);
        const [loss, gradientNorm] = [scalarValue(meta.loss), scalarValue(norm)];
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
          throw nonFinite(update, loss, meta.gradients, episodes);
        }
        const metrics = metricValues(learner, meta.metrics);
        return { ...meta, norm, loss, gradientNorm, metrics, tokens: countTokens(episodes) };
      });
      free(metaTensors(state), metaTensors(made.state));
      const applied = apply(gradients, made.state.optimizer, params, { norm, take });
      norm.dispose();
      params = applied.params;
      state = { ...made.state, optimizer: applied.state };
      const seconds = (performance.now() - begun) / 1000;
      await setImmediate(); // lets signals, timers and progress bars run
      const batches = update * perUpdate;
      yield { ...made, params: whole(params), state, update, batches, learningRate, seconds };
    }
    // No later loss would show it. Tensors that the caller has freed since are not looked at.
    const kept = Object.entries(params).filter(([, tensor]) => !tensor.isDisposed);
    requireFiniteUpdate(updates, Object.fromEntries(kept));
  } finally {
    // Without an update, free the tensors that were made here; those at the start are the caller's.
    if (params === initial) free([...Object.values(params), ...metaTensors(state)], start);
  }
}

/** Keeps training from using up tensors that are the caller's. */
function ownership(callers: readonly tf.Tensor[]) {
  const kept = new Set(callers);
  return {
    /** The tensor itself, to be used up, or a clone of a caller's. */
    take: (tensor: tf.Tensor) => (kept.has(tensor) ? tensor.clone() : tensor),
    /** Frees tensors but for a caller's and those of `others`. */
    free(tensors: readonly tf.Tensor[], others: readonly tf.Tensor[]): void {
      const inUse = new Set(others);
      for (const tensor of tensors) {
        if (!kept.has(tensor) && !inUse.has(tensor)) tensor.dispose();
      }
    },
  };
}

/** Runs a learner, whose errors other than a {@link MetaError} are told with its name. */
function ofLearner<T>(name: string, update: number, run: () => T): T {
  try {
    return inCharge(`learner ${name}`, run);
  } catch (cause) {
    if (isMetaError(cause) || (cause instanceof Error && cause.name === "AbortError")) throw cause;
    throw new MetaError(
      "PLUGIN_FAILED",
      `The learner "${name}" failed at meta-update ${update}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Checks the parameters that an update made. @throws MetaError `NON_FINITE` */
export function requireFiniteUpdate(update: number, params: Params): void {
  const name = findNonFinite(params);
  if (name === undefined) return;
  throw new MetaError(
    "NON_FINITE",
    `After meta-update ${update} the parameter "${name}" holds NaN or infinity. Try a smaller learning rate or gradient clipping.`,
  );
}

/** All tensors of a {@link MetaState}. */
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
