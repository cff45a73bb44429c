import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import {
  coefficients,
  type MetaOptimizer,
  mapSlots,
  type OptimizerState,
  type UpdateInput,
} from "../contracts/optimizer.js";
import { type Params, tensorNamed } from "../params.js";
import { randomFor } from "../random.js";
import { tidy } from "../tidy.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { moved } from "./finiteDifferences.js";
import { recording } from "./recording.js";
import { register } from "./register.js";
import { assertNoLeak, assertSame, assertUntouched } from "./snapshot.js";
import { throughCheckpoint } from "./throughCheckpoint.js";
import { toyModel } from "./toy.js";

/** Name of a property that {@link testMetaOptimizer} checks. */
export type OptimizerProperty =
  | "results"
  | "adjoint"
  | "parts"
  | "kinds"
  | "repeatable"
  | "state"
  | "compiled"
  | "inputs"
  | "leaks"
  | "options";

/** An optimizer to check. Its adjoint is tested best at a learning rate of about 0.1. */
export interface OptimizerSubject extends Subject<OptimizerProperty> {
  create(): MetaOptimizer | Promise<MetaOptimizer>;
  /** Names and shapes of the parameters. @default `{ w: [3, 2], v: [3, 2], b: [4] }` */
  readonly shapes?: Readonly<Record<string, number[]>>;
}

const defaultShapes = { w: [3, 2], v: [3, 2], b: [4] };

/** Draws numbers of magnitude 0.5 to 1.5: away from 0, where Adam's first step is not differentiable. */
function draw(shapes: Readonly<Record<string, number[]>>, ...key: (string | number)[]): Params {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const random = randomFor("conformance", ...key, name);
      const value = () => (random.integer(2) ? 1 : -1) * (0.5 + random.uniform());
      return [name, tf.tensor(Array.from({ length: tf.util.sizeFromShape(shape) }, value), shape)];
    }),
  );
}

/** An optimizer and its arguments for one update. */
interface Problem {
  readonly optimizer: MetaOptimizer;
  readonly gradients: Params;
  readonly params: Params;
  /** States after zero, one and three updates. */
  readonly states: readonly OptimizerState[];
  /** The last of `states`. */
  readonly state: OptimizerState;
}

async function problemOf({ create, shapes = defaultShapes }: OptimizerSubject): Promise<Problem> {
  const optimizer = await create();
  const params = draw(shapes, "params");
  let state = optimizer.init(params);
  const all = [state];
  for (let i = 0; i < 3; i++) {
    ({ state } = optimizer.update(draw(shapes, "gradients", i), state, params));
    all.push(state);
  }
  const states = [0, 1, 3].map((i) => all[i] as OptimizerState);
  return { optimizer, params, gradients: draw(shapes, "gradients"), states, state };
}

const update = ({ optimizer, gradients, state, params }: Problem) =>
  optimizer.update(gradients, state, params);

const properties: Record<OptimizerProperty, Property<OptimizerSubject>> = {
  results: {
    title: "returns parameters and slots of the same names and shapes, and counts the update",
    async check(subject) {
      const problem = await problemOf(subject);
      const next = update(problem);
      const shapes = (tensors: Params) =>
        Object.entries(tensors).map(([name, { shape }]) => [name, shape]);
      assert.deepEqual(shapes(next.params), shapes(problem.params));
      const names = problem.optimizer.slotNames;
      assert.deepEqual(Object.keys(next.state.slots).sort(), [...names].sort());
      for (const slot of Object.values(next.state.slots)) {
        assert.deepEqual(shapes(slot), shapes(problem.params));
      }
      const { step, update: made } = problem.state;
      assert.deepEqual([next.state.step, next.state.update], [step + 1, made + 1]);
    },
  },

  adjoint: {
    title: "the adjoint is the vector-Jacobian product of the update, by finite differences",
    async check(subject) {
      const { optimizer, gradients, params, states } = await problemOf(subject);
      for (const { step, update, slots } of states) {
        assertAdjoint(optimizer, { gradients, params, slots }, { step, update, slots });
      }
    },
  },

  parts: {
    title: "an update of one tensor after another equals the update of all",
    async check(subject) {
      const { optimizer, gradients, state, params } = await problemOf(subject);
      const whole = optimizer.update(gradients, state, params);
      const input = { gradients, slots: state.slots, params };
      const c = measured(optimizer, input, state);
      for (const name of Object.keys(params)) {
        const only = (all: Params) => ({ [name]: tensorNamed(all, name) });
        const part = optimizer.apply(renamed(input, only), c);
        const expected = { params: only(whole.params), slots: mapSlots(whole.state.slots, only) };
        assertSame(
          part,
          expected,
          `Expected the same update of "${name}" alone as with all tensors. Quantities over all tensors, such as a norm, belong in "measure".`,
        );
      }
    },
  },

  kinds: {
    title: "tensors of one kind are updated alike, whatever their name",
    async check(subject) {
      const { optimizer, gradients, state, params } = await problemOf(subject);
      const input = { gradients, slots: state.slots, params };
      const c = measured(optimizer, input, state);
      const kindOf = optimizer.kindOf ?? (() => "");
      for (const name of Object.keys(params)) {
        for (const alias of Object.keys(params).filter((other) => kindOf(other) === kindOf(name))) {
          const under = (as: string) =>
            optimizer.apply(
              renamed(input, (all) => ({ [as]: tensorNamed(all, name) })),
              c,
            ).params[as];
          assertSame(
            under(alias),
            under(name),
            `Expected the same update of "${name}" under the name "${alias}", which is of the same kind; got another one.`,
          );
        }
      }
    },
  },

  repeatable: {
    title: "the same arguments give the same result, bit for bit",
    async check(subject) {
      const problem = await problemOf(subject);
      assertSame(update(problem), update(problem), "A second call gave another result.");
    },
  },

  state: {
    title: "resumes from a checkpoint as if it had never stopped",
    async check(subject) {
      const problem = await problemOf(subject);
      const { params, state } = await throughCheckpoint(toyModel(), {
        params: problem.params,
        state: { optimizer: problem.state },
      });
      const optimizer = await subject.create(); // as in a new process
      assertSame(
        update({ ...problem, optimizer, params, state: state.optimizer }),
        update(problem),
        "The update that follows a checkpoint differs from the one that would have followed without.",
      );
    },
  },

  compiled: {
    title: "update and adjoint can be compiled: they read no tensor values",
    async check(subject) {
      const { optimizer, gradients, state, params } = await problemOf(subject);
      const input = { gradients, slots: state.slots, params };
      const c = coefficients(optimizer, state);
      const cotangent = { params: gradients, slots: state.slots };
      recording.compile(optimizer.apply)(input, c);
      recording.compile(optimizer.adjoint)(input, c, cotangent);
      if (optimizer.measure) recording.compile(optimizer.measure)(input, c);
    },
  },

  inputs: {
    title: "leaves gradients, state and parameters as they were",
    async check(subject) {
      const problem = await problemOf(subject);
      const { gradients, state, params } = problem;
      assertUntouched({ gradients, state, params }, () => update(problem));
    },
  },

  leaks: {
    title: "leaks no tensors",
    async check(subject) {
      const problem = await problemOf(subject);
      assertNoLeak(() => update(problem));
    },
  },

  options: usefulErrors,
};

/** Coefficients of an update, including those measured over all tensors. */
function measured(optimizer: MetaOptimizer, input: UpdateInput, state: OptimizerState) {
  const c = coefficients(optimizer, state);
  return optimizer.measure?.(input, c) ?? c;
}

function renamed(input: UpdateInput, part: (all: Params) => Params): UpdateInput {
  return {
    gradients: part(input.gradients),
    slots: mapSlots(input.slots, part),
    params: part(input.params),
  };
}

/** Gradients, parameters and slots in one record, so that each can be perturbed. */
type Parts = Readonly<Record<string, Params>>;

/** Step sizes relative to the norm of the perturbed part. */
const stepSizes = [3e-2, 1e-2, 3e-3, 1e-3];

/** Compares the adjoint with central differences of the update, for each part of its input. */
function assertAdjoint(optimizer: MetaOptimizer, input: UpdateInput, state: OptimizerState): void {
  tidy(() => {
    const shapes = Object.fromEntries(
      Object.entries(input.params).map(([name, { shape }]) => [name, shape]),
    );
    const cotangent = {
      params: draw(shapes, "cotangent"),
      slots: mapSlots(state.slots, (_, slot) => draw(shapes, "cotangent", slot)),
    };
    const given: Parts = { gradients: input.gradients, params: input.params, ...input.slots };
    /** Inner product of the update's results and the cotangent, in float64. */
    const valueAt = ({ gradients, params, ...slots }: Parts): number => {
      const next = optimizer.update(gradients as Params, { ...state, slots }, params as Params);
      const ofSlots = Object.entries(next.state.slots).map(([name, slot]) =>
        dot(cotangent.slots[name] as Params, slot),
      );
      return dot(cotangent.params, next.params) + ofSlots.reduce((sum, part) => sum + part, 0);
    };
    const { slots, ...direct } = optimizer.adjoint(
      input,
      coefficients(optimizer, state),
      cotangent,
    );
    const claimed: Parts = { ...direct, ...slots };
    for (const [part, tensors] of Object.entries(given)) {
      const size = norm(tensors);
      if (size === 0) continue; // moments before the first update: nothing to take a step's size from
      const adjoint = claimed[part] as Params;
      // The mean of the claimed direction, which reveals a wrong length, and a random one.
      const random = draw(shapes, "direction", part);
      const direction = moved(random, adjoint, norm(random) / (norm(adjoint) || 1));
      const slope = dot(adjoint, direction);
      const errors = stepSizes.map((step) => {
        const h = (step * size) / norm(direction);
        const [ahead, behind] = [h, -h].map((distance) =>
          valueAt({ ...given, [part]: moved(tensors, direction, distance) }),
        );
        return Math.abs((Number(ahead) - Number(behind)) / (2 * h) - slope);
      });
      // An adjoint of zero has no norm of its own to compare with.
      const reach = norm(adjoint) + 0.05 * norm(cotangent.params);
      const error = Math.min(...errors) / (reach * norm(direction));
      assert.ok(
        error < 2e-3,
        `After ${state.step} updates, the adjoint with respect to "${part}" has a relative error of ${error}.`,
      );
    }
  });
}

function dot(a: Params, b: Params): number {
  return Object.entries(a).reduce((sum, [name, tensor]) => {
    const values = tensorNamed(b, name).dataSync();
    return tensor.dataSync<"float32">().reduce((all, v, i) => all + v * Number(values[i]), sum);
  }, 0);
}

function norm(tensors: Params): number {
  return Math.sqrt(dot(tensors, tensors));
}

/** Makes the checks of an optimizer, for test runners other than vitest. */
export function optimizerChecks(subject: OptimizerSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that an optimizer fulfils its contract.
 *
 * @example testMetaOptimizer("sgd", { create: () => sgd({ learningRate: 0.1 }) })
 */
export function testMetaOptimizer(title: string, subject: OptimizerSubject): void {
  register(title, optimizerChecks(subject));
}
