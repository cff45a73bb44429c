import type { Batch } from "../batch/batch.js";
import { sizeAtLeast } from "../batch/sizeAtLeast.js";
import { bucketedTokenBatch, type TokenBatch, type TokenSequence } from "../batch/tokenBatch.js";
import type { Learner } from "../contracts/learner.js";
import { learnerParams, modelParams, withMetaParams } from "../contracts/learnerParams.js";
import type { Model } from "../contracts/model.js";
import type { MetaOptimizer } from "../contracts/optimizer.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import type { ComputeOptions } from "../objective/computeOptions.js";
import { createObjective } from "../objective/createObjective.js";
import { freeze } from "../objective/freeze.js";
import { disposeParams, type Params } from "../params.js";
import { tidy } from "../tidy.js";

/** Adaptation of parameters to the support of each target, before the target is scored. */
export interface Adaptation extends ComputeOptions {
  readonly learner: Pick<Learner, "name" | "episodes" | "adapt" | "metaParams">;
  /** Sequences per support batch of a target that asks questions. @default all */
  readonly batchSize?: number | undefined;
  /** Meta-optimizer, for learners whose inner steps share its moments; these start at zero. */
  readonly optimizer?: Pick<MetaOptimizer, "init"> | undefined;
}

/** Options of {@link targetAdapter}. */
export interface TargetAdapterOptions {
  readonly model: Model;
  /** Model and learner parameters. Missing learner parameters start at their initial values. */
  readonly params: Params;
  readonly adaptation: Adaptation;
  readonly runtime?: Pick<TensorRuntime, "compile"> | undefined;
}

/** Adapts to one support set after the other, always from the same parameters. */
export interface TargetAdapter {
  /**
   * Adapts to the support batches of a task, which are repeated if the learner takes more steps than there
   * are batches. The returned tensors may be those of the initial parameters.
   *
   * @throws MetaError `BAD_OPTION` for a task without support
   */
  adapt(task: string, support: readonly Batch[]): Params;
  /** Calls `score` with parameters adapted to a target's support, and frees them. */
  scored<T>(target: TargetTask, seed: number, score: (adapted: Params) => Promise<T>): Promise<T>;
}

/** Makes the adapter of an evaluation. */
export function targetAdapter(options: TargetAdapterOptions): TargetAdapter {
  const { learner, batchSize, trainable = ["*"], optimizer } = options.adaptation;
  const { model, params, runtime } = options;
  const { model: part, trained, whole } = freeze(model, modelParams(params), trainable);
  const objective = createObjective(part, { ...options.adaptation, ...(runtime && { runtime }) });

  const adapt = (task: string, support: readonly Batch[]) => {
    if (support.length === 0) {
      throw new MetaError(
        "BAD_OPTION",
        `The task "${task}" has no support examples to adapt to. Leave out adapt.`,
      );
    }
    const wanted = Math.max(support.length, learner.episodes.support);
    const batches = Array.from({ length: wanted }, (_, i) => support[i % support.length] as Batch);
    return tidy(() => {
      const learned = learner.metaParams ? learnerParams(params) : {};
      const start = withMetaParams(learner, { ...trained, ...learned });
      const state = { optimizer: optimizer?.init(start) ?? { step: 0, update: 0, slots: {} } };
      return whole(modelParams(learner.adapt(objective, start, batches, state)));
    });
  };

  return {
    adapt,
    async scored(target, seed, score) {
      const sequences = (await target.support?.(seed)) ?? [];
      const support = chunks(sequences, batchSize ?? sequences.length).map(batchOf);
      const adapted = adapt(target.name, support);
      for (const batch of support) disposeParams(batch);
      try {
        return await score(adapted);
      } finally {
        const given = new Set(Object.values(params));
        for (const tensor of Object.values(adapted)) if (!given.has(tensor)) tensor.dispose();
      }
    },
  };
}

/** Builds a batch in one of few shapes to compile for. */
function batchOf(sequences: readonly TokenSequence[]): TokenBatch {
  return bucketedTokenBatch(sequences, [
    sizeAtLeast(Math.max(...sequences.map(({ ids }) => ids.length))),
  ]);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const starts = [...items.keys()].filter((i) => i % size === 0);
  return starts.map((start) => items.slice(start, start + size));
}
