import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { Params } from "../params.js";
import type { Objective } from "./objective.js";
import type { MetaState } from "./optimizer.js";
import type { Episode, EpisodeShape } from "./task.js";

/** What a learner returns for one meta-batch. */
export interface MetaGradient {
  /** Mean query loss over the episodes: a scalar. */
  readonly loss: tf.Scalar;
  /** The gradient that the meta-optimizer applies to the initial parameters. */
  readonly gradients: Params;
  /** The incoming state, or a new one where inner steps advanced shared moments. */
  readonly state: MetaState;
}

/**
 * A meta-learning algorithm: what adapting to one task means, and how the initial parameters
 * should change so that adapting works better. Algorithms differ here and only here.
 */
export interface Learner<B extends Batch = Batch> {
  readonly name: string;
  /** The episodes it wants to see at each meta-update. */
  readonly episodes: EpisodeShape;
  /**
   * Tensors of its own that are meta-trained beside the model's, such as the rates of Meta-SGD, at
   * their initial values. Their names begin with `learner.`; {@link metaTrain} adds them to the
   * parameters, the meta-optimizer updates them and checkpoints keep them. `adapt` and
   * `metaGradient` are then given both and hand only the model's to the objective
   * ({@link modelParams}); the meta-gradient covers both.
   *
   * @param params the model's parameters
   */
  metaParams?(params: Params): Params;
  /**
   * The model's parameters after seeing one task's support batches. The returned tensors may be those
   * of `params`. Called inside `tf.tidy`, too.
   */
  adapt(objective: Objective<B>, params: Params, support: readonly B[], state: MetaState): Params;
  /** Called inside `tf.tidy`: every tensor that is not returned is freed. */
  metaGradient(
    objective: Objective<B>,
    params: Params,
    episodes: readonly Episode<B>[],
    state: MetaState,
  ): MetaGradient;
}
