import {
  filterParams,
  MetaError,
  type MetaOptimizer,
  type MetaState,
  mapSlots,
  meanState,
  type OptimizerState,
  type Params,
} from "@metalearn/core";
import { z } from "zod";

/** Ways in which the two optimizers share their moving averages (MAML-en-LLM, section 3.3). */
export const momentSharing = z
  .enum(["shared", "copy-last", "copy-mean", "one-way", "separate", "reset"])
  .describe(
    "Sharing of moving averages between inner and outer optimizer. `shared`: each task and then the outer step continue from those before; `copy-last`, `copy-mean`: tasks start from the outer ones, and the outer step continues from those of the last task, or from the tasks' mean; `one-way`: tasks start from zero, and the outer step continues from those of the last task; `separate`: both keep their own; `reset`: tasks start from zero, and the outer step keeps its own.",
  );

/** Way in which inner and outer optimizer share their moving averages. */
export type MomentSharing = z.output<typeof momentSharing>;

interface Policy {
  /** Source of the first task's moments. */
  readonly start: "outer" | "inner" | "zero";
  /** True if each task starts with the final moments of the previous one. */
  readonly threaded: boolean;
  /** Moments to hand on after all tasks, and the optimizer that receives them. */
  readonly end: "last-to-outer" | "mean-to-outer" | "last-to-inner" | "nothing";
}

const policies: Record<MomentSharing, Policy> = {
  shared: { start: "outer", threaded: true, end: "last-to-outer" },
  "copy-last": { start: "outer", threaded: false, end: "last-to-outer" },
  "copy-mean": { start: "outer", threaded: false, end: "mean-to-outer" },
  "one-way": { start: "zero", threaded: false, end: "last-to-outer" },
  separate: { start: "inner", threaded: true, end: "last-to-inner" },
  reset: { start: "zero", threaded: false, end: "nothing" },
};

/** Hands moments from the outer optimizer to the tasks' inner loops and back. */
export interface MomentFlow {
  /** State that the next task starts from. */
  begin(): OptimizerState;
  /** Stores the state in which that task ended. */
  finish(state: OptimizerState): void;
  /** States that the meta-optimizer and the next meta-update continue with. */
  result(): MetaState;
}

/**
 * @param adapted the parameters that the inner loop adapts
 * @throws MetaError `BAD_OPTION` when optimizers that keep different moments should share them
 */
export function momentFlow(
  sharing: MomentSharing,
  optimizer: MetaOptimizer,
  adapted: Params,
  state: MetaState,
): MomentFlow {
  // An optimizer without moments, such as plain SGD, has nothing to share.
  const policy = policies[optimizer.slotNames.length === 0 ? "reset" : sharing];
  const sharesWithOuter = policy.start === "outer" || policy.end.endsWith("outer");
  if (sharesWithOuter) requireSameSlots(sharing, optimizer, state.optimizer);

  const zero = () => ({ ...optimizer.init(adapted), update: state.optimizer.update });
  const first = () => {
    if (policy.start === "outer") return restrict(state.optimizer, adapted);
    if (policy.start === "inner" && state.inner) {
      return { ...state.inner, update: state.optimizer.update };
    }
    return zero();
  };
  const ended: OptimizerState[] = [];

  return {
    begin: () => (policy.threaded ? ended.at(-1) : undefined) ?? first(),
    finish(final) {
      if (policy.end === "nothing") return;
      // Each is as large as the model: of those that nothing reads again, at most one is kept.
      const before = policy.end === "mean-to-outer" ? undefined : ended.pop();
      if (before) disposeSlots(before, [final, state.optimizer, state.inner]);
      ended.push(final);
    },
    result() {
      const last = ended.at(-1);
      if (!last) return state;
      switch (policy.end) {
        case "last-to-outer":
          return { ...state, optimizer: handOn(state.optimizer, last) };
        case "mean-to-outer":
          return { ...state, optimizer: handOn(state.optimizer, meanState(ended)) };
        case "last-to-inner":
          return { ...state, inner: last };
        case "nothing":
          return state;
      }
    },
  };
}

function requireSameSlots(
  sharing: MomentSharing,
  optimizer: MetaOptimizer,
  outer: OptimizerState,
): void {
  const inner = optimizer.slotNames;
  const kept = Object.keys(outer.slots);
  if (inner.length === kept.length && inner.every((name) => kept.includes(name))) return;
  throw new MetaError(
    "BAD_OPTION",
    `moments "${sharing}" needs an inner and an outer optimizer that keep the same moments, but the inner one (${optimizer.name}) keeps ${inner.join(", ")} and the outer one keeps ${kept.join(", ") || "none"}. Use the same optimizer for both, or moments "reset".`,
  );
}

/** Frees the moments of a state, except those that another state contains, too. */
function disposeSlots(state: OptimizerState, kept: readonly (OptimizerState | undefined)[]): void {
  const staying = new Set(kept.flatMap((other) => (other ? tensorsOf(other) : [])));
  for (const tensor of tensorsOf(state)) if (!staying.has(tensor)) tensor.dispose();
}

function tensorsOf({ slots }: OptimizerState) {
  return Object.values(slots).flatMap((slot) => Object.values(slot));
}

/** Part of a state that belongs to the adapted parameters. */
function restrict(state: OptimizerState, adapted: Params): OptimizerState {
  const slots = mapSlots(state.slots, (slot) => filterParams(slot, (name) => name in adapted));
  return { ...state, slots };
}

/** Outer state with the inner one's moments; the schedule's position remains the outer one's. */
function handOn(outer: OptimizerState, inner: OptimizerState): OptimizerState {
  const slots = mapSlots(outer.slots, (slot, name) => ({ ...slot, ...inner.slots[name] }));
  return { ...outer, step: inner.step, slots };
}
