import { MetaError } from "../errors.js";
import type { Learner } from "../learner.js";
import type { LanguageModel } from "../model.js";
import { createObjective } from "../objective.js";
import type { MetaOptimizer } from "../optimizer.js";
import { disposeParams, type Params } from "../params.js";
import type { TensorRuntime } from "../runtime.js";
import { sizeAtLeast } from "../sizeAtLeast.js";
import type { TargetTask } from "../task.js";
import { bucketedTokenBatch, type TokenBatch, type TokenSequence } from "../tokenBatch.js";

/** How parameters are adapted to a target before its questions are asked. */
export interface Adaptation {
  readonly learner: Pick<Learner<TokenBatch>, "adapt">;
  /** Support sequences per batch. */
  readonly batchSize: number;
  /** The meta-optimizer, for learners whose inner steps share its moments: they start afresh. */
  readonly optimizer?: Pick<MetaOptimizer, "init"> | undefined;
}

/** What {@link targetAdapter} needs. */
export interface AdapterOptions {
  readonly model: LanguageModel;
  readonly params: Params;
  readonly adaptation: Adaptation;
  readonly runtime?: Pick<TensorRuntime, "compile"> | undefined;
}

/**
 * A function that gives a learner the support of a target and has its questions scored with the
 * parameters that come out; then they are freed. Every target and seed starts from `params`.
 *
 * The function throws MetaError `BAD_OPTION` for a target without support.
 */
export function targetAdapter({ model, params, adaptation, runtime }: AdapterOptions) {
  const { learner, batchSize, optimizer } = adaptation;
  const objective = createObjective(model, runtime && { runtime });
  return async <T>(
    target: TargetTask,
    seed: number,
    score: (adapted: Params) => Promise<T>,
  ): Promise<T> => {
    const sequences = await target.support?.(seed);
    if (!sequences || sequences.length === 0) {
      throw new MetaError(
        "BAD_OPTION",
        `The task "${target.name}" has no support examples to adapt to. Leave out adapt.`,
      );
    }
    const support = chunks(sequences, batchSize).map(batchOf);
    const state = { optimizer: optimizer?.init(params) ?? { step: 0, update: 0, slots: {} } };
    const adapted = learner.adapt(objective, params, support, state);
    for (const batch of support) disposeParams(batch);
    for (const slot of Object.values(state.optimizer.slots)) disposeParams(slot);
    try {
      return await score(adapted);
    } finally {
      const given = new Set(Object.values(params));
      for (const tensor of Object.values(adapted)) if (!given.has(tensor)) tensor.dispose();
    }
  };
}

/** In few shapes, for which a runtime can compile. */
function batchOf(sequences: readonly TokenSequence[]): TokenBatch {
  return bucketedTokenBatch(sequences, [
    sizeAtLeast(Math.max(...sequences.map(({ ids }) => ids.length))),
  ]);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
