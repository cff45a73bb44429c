import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { Params } from "../params.js";
import type { Objective } from "./objective.js";
import type { MetaState } from "./optimizer.js";
import type { Episode, EpisodeShape } from "./task.js";

/** Result of {@link Learner.metaGradient} for one meta-batch. */
export interface MetaGradient {
  /** Mean query loss over the episodes: a scalar. */
  readonly loss: tf.Scalar;
  /** The gradient that the meta-optimizer applies to the initial parameters. */
  readonly gradients: Params;
  /** The state passed in, or a new one where inner steps advanced shared moments. */
  readonly state: MetaState;
  /**
   * Further numbers for logs by name, such as the support loss: each a number or a scalar tensor, for example
   * the mean over the episodes. `metrics.jsonl`, trackers and the report have them as `learner/NAME`.
   *
   * @default none
   */
  readonly metrics?: LearnerMetrics;
}

/** Numbers that a learner logs, by name. */
export type LearnerMetrics = Readonly<Record<string, number | tf.Scalar>>;

/**
 * A meta-learning algorithm: how to adapt to one task, and the gradient by which the initial parameters
 * improve. Algorithms differ here and only here.
 */
export interface Learner<B extends Batch = Batch> {
  readonly name: string;
  /** Shape of the episodes that `metaGradient` reads. */
  readonly episodes: EpisodeShape;
  /**
   * Initial values of the learner's own meta-trained tensors, such as the learning rates of Meta-SGD.
   * Their names begin with `learner.`; {@link metaTrain} adds them to the model's parameters, the
   * meta-optimizer updates them, and checkpoints contain them. `adapt` and `metaGradient` then receive
   * both, pass only the model's to the objective ({@link modelParams}), and return gradients of both.
   *
   * @param params the model's parameters
   */
  metaParams?(params: Params): Params;
  /**
   * Adapts the parameters to one task's support batches. The returned tensors may be those of `params`.
   * May be called inside `tf.tidy`.
   */
  adapt(objective: Objective<B>, params: Params, support: readonly B[], state: MetaState): Params;
  /**
   * Computes the mean query loss over episodes and its meta-gradient. Called inside `tf.tidy`: every
   * tensor that is not returned is freed.
   */
  metaGradient(
    objective: Objective<B>,
    params: Params,
    episodes: readonly Episode<B>[],
    state: MetaState,
  ): MetaGradient;
}
