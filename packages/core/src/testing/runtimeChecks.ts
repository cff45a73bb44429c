import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { crossEntropy } from "../autodiff/crossEntropy.js";
import { unitDirection } from "../autodiff/unitDirection.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { createObjective } from "../objective/createObjective.js";
import type { Params } from "../params.js";
import { tidy } from "../tidy.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { derivativeErrors } from "./finiteDifferences.js";
import { register } from "./register.js";
import { assertClose, assertSame, assertUntouched } from "./snapshot.js";

/** Name of a property that {@link testRuntime} checks. */
export type RuntimeProperty =
  | "identity"
  | "derivatives"
  | "compiled"
  | "structure"
  | "recorded"
  | "memory"
  | "inputs"
  | "leaks"
  | "restart"
  | "options";

/** A runtime to check. */
export interface RuntimeSubject extends Subject<RuntimeProperty> {
  /** Starts a runtime; every check disposes its own. */
  create(): Promise<TensorRuntime>;
}

/** Runs a check on a new runtime. */
async function on(
  { create }: RuntimeSubject,
  check: (runtime: TensorRuntime) => void | Promise<void>,
): Promise<void> {
  const runtime = await create();
  try {
    await check(runtime);
  } finally {
    runtime.dispose();
  }
}

/** Small classifier with an embedding, the operations of a language model in miniature. */
function classifier() {
  const wave = (shape: number[], phase: number) => {
    const values = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
      Math.sin(2.4 * i + phase),
    );
    return tf.tensor(values, shape);
  };
  const params: Params = { table: wave([5, 4], 0), "out.weight": wave([4, 3], 1) };
  const batch = {
    ids: tf.tensor1d([4, 0, 4, 2], "int32"),
    classes: tf.tensor1d([0, 2, 1, 1], "int32"),
  };
  const loss = (params: Params, { ids, classes }: Record<string, tf.Tensor>) =>
    tf.tidy(() => {
      const embedded = tf.gather(params.table as tf.Tensor2D, ids as tf.Tensor1D);
      const logits: tf.Tensor2D = tf.matMul(tf.tanh(embedded), params["out.weight"] as tf.Tensor2D);
      return tf.mean(crossEntropy(logits, classes as tf.Tensor1D)) as tf.Scalar;
    });
  return { params, batch, model: { name: "classifier", init: async () => params, loss } };
}

const properties: Record<RuntimeProperty, Property<RuntimeSubject>> = {
  identity: {
    title: "has a name, device and version",
    check: (subject) =>
      on(subject, ({ name, device, version }) => {
        for (const [what, text] of Object.entries({ name, device, version })) {
          assert.match(text, /\S/, `Expected a runtime with a ${what}, got none.`);
        }
      }),
  },

  derivatives: {
    title: "gradients and Hessian-vector products agree with finite differences",
    check: (subject) =>
      on(subject, () => {
        const { model, params, batch } = classifier();
        const { gradient, hvp } = derivativeErrors((p) => model.loss(p, batch), params);
        assert.ok(gradient < 5e-3, `Relative error of the gradient: ${gradient}.`);
        assert.ok(hvp < 5e-3, `Relative error of the Hessian-vector product: ${hvp}.`);
      }),
  },

  compiled: {
    title: "a compiled function gives the same results, call after call",
    check: (subject) =>
      on(subject, (runtime) => {
        const { model, params, batch } = classifier();
        const plain = createObjective(model);
        const compiled = createObjective(model, { runtime });
        for (const seed of [1, 2]) {
          const at = { ...params, ...unitDirection(params, seed) };
          const expected = [plain.gradient(at, batch), plain.hvp(at, batch, params)];
          const actual = [compiled.gradient(at, batch), compiled.hvp(at, batch, params)];
          assertClose(actual, expected, "Compiled, a gradient or product differs.");
          const { loss, gradients, hvp } = compiled.linearize(at, batch);
          const together = [{ loss, gradients }, hvp(params)];
          assertClose(together, expected, "Compiled together, a gradient or product differs.");
        }
      }),
  },

  structure: {
    title: "a compiled function takes and returns nests of records and arrays",
    check: (subject) =>
      on(subject, (runtime) => {
        const swap = (
          { a, list }: { a: tf.Tensor; list: readonly tf.Tensor[] },
          factor: number,
        ) => ({
          list: [tf.mul(a, factor)],
          a: { sum: tf.addN([...list]) },
        });
        const compiled = runtime.compile(swap);
        for (const factor of [2, 3]) {
          const args = [{ a: tf.scalar(5), list: [tf.ones([2]), tf.ones([2])] }, factor] as const;
          assertSame(compiled(...args), swap(...args), "Compiled, the result has another form.");
        }
      }),
  },

  recorded: {
    title: "a compiled function has the right gradient",
    check: (subject) =>
      on(subject, (runtime) => {
        const square = runtime.compile((x: tf.Tensor) => tf.square(x));
        const slope = tf.grad((x) => tf.sum(square(x)))(tf.tensor1d([3, -2]));
        assert.deepEqual(Array.from(slope.dataSync()), [6, -4]);
      }),
  },

  memory: {
    title: "counts its tensors and their bytes",
    check: (subject) =>
      on(subject, (runtime) => {
        const before = runtime.memory();
        const tensor = tf.zeros([10, 10]);
        const after = runtime.memory();
        assert.equal(after.tensors - before.tensors, 1, "tensors");
        assert.equal(after.tensorBytes - before.tensorBytes, 400, "bytes of 100 float32 values");
        assert.ok(after.processBytes > 0, "The process has no memory.");
        tensor.dispose();
        assert.equal(runtime.memory().tensorBytes, before.tensorBytes, "bytes afterwards");
      }),
  },

  inputs: {
    title: "a compiled function leaves its arguments as they were",
    check: (subject) =>
      on(subject, (runtime) => {
        const { model, params, batch } = classifier();
        const objective = createObjective(model, { runtime });
        assertUntouched({ params, batch }, () => objective.gradient(params, batch));
      }),
  },

  leaks: {
    title: "a compiled function leaks no tensors",
    check: (subject) =>
      on(subject, (runtime) => {
        const { model, params, batch } = classifier();
        const { gradient } = createObjective(model, { runtime });
        const before = runtime.memory().tensors;
        for (const _ of [1, 2, 3]) {
          tf.dispose(tidy(() => gradient(params, batch)) as unknown as tf.TensorContainer);
        }
        assert.equal(runtime.memory().tensors - before, 0, "leaked tensors");
      }),
  },

  restart: {
    title: "can be disposed and started again",
    async check(subject) {
      for (const _ of [1, 2]) {
        await on(subject, () => assert.equal(tf.sum(tf.ones([10])).dataSync()[0], 10));
      }
    },
  },

  options: usefulErrors,
};

/** Makes the checks of a runtime, for test runners other than vitest. */
export function runtimeChecks(subject: RuntimeSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a runtime fulfils its contract.
 *
 * @example testRuntime("wasm", { create: () => wasm() })
 */
export function testRuntime(title: string, subject: RuntimeSubject): void {
  register(title, runtimeChecks(subject));
}
