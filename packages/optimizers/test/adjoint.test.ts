import { coefficients, type Params, randomFor, valueAndGradients } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  linearSchedule,
  type Optimizer,
  sgd,
} from "../src/index.js";

/** Two tensors of normal draws. */
function draw(name: string, scale = 1): Params {
  const tensor = (part: string, shape: number[]) => {
    const random = randomFor(7, name, part);
    const values = Array.from(
      { length: tf.util.sizeFromShape(shape) },
      () => scale * random.normal(),
    );
    return tf.tensor(values, shape);
  };
  return { w: tensor("w", [3, 2]), b: tensor("b", [4]) };
}

/** Every optimizer that an inner loop may use, in the states in which its formula differs. */
const optimizers: Record<string, { optimizer: Optimizer; step?: number }> = {
  sgd: { optimizer: sgd({ learningRate: 0.1 }) },
  "sgd with weight decay": { optimizer: sgd({ learningRate: 0.1, weightDecay: 0.3 }) },
  momentum: { optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
  "dampened momentum, first step": {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.5 }),
    step: 0,
  },
  "dampened momentum, later": {
    optimizer: sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.5 }),
  },
  "Nesterov momentum": { optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }) },
  "adam with L2": { optimizer: adam({ learningRate: 0.1, weightDecay: 0.2 }) },
  adamw: { optimizer: adamw({ learningRate: 0.1, weightDecay: 0.2 }) },
  "adamw that spares biases": {
    optimizer: adamw({ learningRate: 0.1, weightDecay: 0.2, noDecay: ["b"] }),
  },
  "adamw with a large epsilon": { optimizer: adamw({ learningRate: 0.1, epsilon: 0.1 }) },
  "clipping that acts": { optimizer: chain(clipByGlobalNorm(0.5), sgd({ learningRate: 0.1 })) },
  "clipping that does not act": {
    optimizer: chain(clipByGlobalNorm(50), sgd({ learningRate: 0.1 })),
  },
  "clipping before adamw": {
    optimizer: chain(clipByGlobalNorm(0.5), adamw({ learningRate: 0.1, weightDecay: 0.2 })),
  },
  "a schedule": {
    optimizer: adamw({ learningRate: linearSchedule({ peak: 1, warmup: 2, total: 10 }) }),
  },
};

/** Record names with a prefix, so that several records can be differentiated at once. */
function prefixed(prefix: string, params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, t]) => [`${prefix}/${name}`, t]));
}

function without(prefix: string, params: Params): Params {
  return Object.fromEntries(
    Object.entries(params)
      .filter(([name]) => name.startsWith(`${prefix}/`))
      .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
  );
}

function inner(a: Params, b: Params): tf.Scalar {
  return tf.addN(
    Object.entries(a).map(([name, t]) => tf.sum(tf.mul(t, b[name] as tf.Tensor))),
  ) as tf.Scalar;
}

describe("the adjoint of an update equals automatic differentiation of it", () => {
  test.each(Object.entries(optimizers))("%s", (_, { optimizer, step = 5 }) => {
    const slots = Object.fromEntries(
      optimizer.slotNames.map((name) => {
        const values = draw(`slot ${name}`, 0.3);
        // Second moments are squares.
        const square = (t: tf.Tensor) => tf.add(tf.square(t), 0.01);
        return [
          name,
          name === "v"
            ? { w: square(values.w as tf.Tensor), b: square(values.b as tf.Tensor) }
            : values,
        ];
      }),
    );
    const gradients = draw("gradients");
    const params = draw("params");
    const cotangent = {
      params: draw("params cotangent"),
      slots: Object.fromEntries(optimizer.slotNames.map((name) => [name, draw(`bar ${name}`)])),
    };

    const through = (all: Params): tf.Scalar => {
      const given = Object.fromEntries(
        optimizer.slotNames.map((name) => [name, without(name, all)]),
      );
      const next = optimizer.update(
        without("gradients", all),
        { step, update: 3, slots: given },
        without("params", all),
      );
      return tf.addN([
        inner(cotangent.params, next.params),
        ...optimizer.slotNames.map((name) =>
          inner(cotangent.slots[name] as Params, next.state.slots[name] as Params),
        ),
      ]) as tf.Scalar;
    };
    const { gradients: expected } = valueAndGradients(through, {
      ...prefixed("gradients", gradients),
      ...prefixed("params", params),
      ...Object.assign({}, ...Object.entries(slots).map(([name, slot]) => prefixed(name, slot))),
    });

    const adjoint = optimizer.adjoint(
      { gradients, params, slots },
      coefficients(optimizer, { step, update: 3, slots }),
      cotangent,
    );
    const actual = {
      ...prefixed("gradients", adjoint.gradients),
      ...prefixed("params", adjoint.params),
      ...Object.assign(
        {},
        ...Object.entries(adjoint.slots).map(([name, slot]) => prefixed(name, slot)),
      ),
    };
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, tensor] of Object.entries(expected)) {
      const [a, b] = [actual[name]?.dataSync() ?? [], tensor.dataSync()];
      const size = Math.max(1e-3, ...Array.from(b, Math.abs));
      b.forEach((value, i) => {
        expect(Math.abs(Number(a[i]) - value) / size, `${name}[${i}]`).toBeLessThan(2e-5);
      });
    }
  });
});

test("an unused row, whose moments are zero, has derivative zero and not NaN", () => {
  const optimizer = adamw({ learningRate: 0.1 });
  const zeros = { w: tf.zeros([2]) };
  const { gradients } = optimizer.adjoint(
    { gradients: zeros, params: zeros, slots: optimizer.init(zeros).slots },
    coefficients(optimizer, optimizer.init(zeros)),
    { params: { w: tf.tensor1d([1, -3]) }, slots: {} },
  );
  // d update / dg = -lr * rest1 * correction1 / epsilon = -0.1 / 1e-8 from the first moment alone.
  const [a, b] = (gradients.w as tf.Tensor1D).arraySync();
  expect(Number(a) / -1e7).toBeCloseTo(1, 5);
  expect(Number(b) / 3e7).toBeCloseTo(1, 5);
});

test("an update in parts, with what was measured of the whole, equals the whole update", () => {
  const optimizer = chain(
    sgd({ learningRate: 0.5, momentum: 0.9 }),
    clipByGlobalNorm(0.5),
    adamw({ learningRate: 0.1, weightDecay: 0.2, noDecay: ["b"] }),
  );
  const params = draw("params");
  const state = optimizer.init(params);
  const input = { gradients: draw("gradients"), slots: state.slots, params };
  const whole = optimizer.update(input.gradients, state, params);
  const c = coefficients(optimizer, state);
  const measured = optimizer.measure?.(input, c) ?? c;
  for (const name of ["w", "b"]) {
    const only = (all: Params) => ({ [name]: all[name] as tf.Tensor });
    const slots = Object.fromEntries(
      Object.entries(state.slots).map(([slot, all]) => [slot, only(all)]),
    );
    const part = optimizer.apply(
      { gradients: only(input.gradients), slots, params: only(params) },
      measured,
    );
    expect(part.params[name]?.arraySync()).toEqual(whole.params[name]?.arraySync());
    expect(part.slots.m?.[name]?.arraySync()).toEqual(whole.state.slots.m?.[name]?.arraySync());
  }
});

test("names that are treated alike are of one kind", () => {
  const { kindOf } = adamw({ learningRate: 0.1, weightDecay: 0.2, noDecay: ["bias"] });
  expect(kindOf?.("h.0.weight")).toBe(kindOf?.("h.1.weight"));
  expect(kindOf?.("h.0.weight")).not.toBe(kindOf?.("h.0.bias"));
});

describe("chain", () => {
  test("refuses two transforms that keep the same slot", () => {
    expect(() => chain(adamw({ learningRate: 1 }), adamw({ learningRate: 1 }))).toThrow(
      '[DUPLICATE_NAME] Two transforms of one chain keep a slot called "m".',
    );
  });

  test("refuses a state without its slots", () => {
    const optimizer = adamw({ learningRate: 1 });
    const params = { w: tf.ones([1]) };
    expect(() => optimizer.update(params, sgd({ learningRate: 1 }).init(params), params)).toThrow(
      '[BAD_OPTION] The optimizer state has no slot "m", which adam needs. It has: none.',
    );
  });

  test("leaves no tensor behind but its results", () => {
    const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate: 0.1, weightDecay: 0.1 }));
    const params = draw("params");
    const state = optimizer.init(params);
    const before = tf.memory().numTensors;
    const next = optimizer.update(draw("gradients"), state, params);
    const drawn = 2; // the gradients above
    expect(tf.memory().numTensors - before).toBe(3 * 2 + drawn);
    tf.dispose([next.params, next.state.slots]);
  });
});
