import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { hessianVectorProduct, valueAndGradients } from "../src/autodiff/gradients.js";
import { registerSecondOrderGradients } from "../src/autodiff/secondOrderGradients.js";
import type { Params } from "../src/params.js";
import { derivativeErrors } from "../src/testing/index.js";

type T = tf.Tensor;
type Save = (tensors: readonly T[]) => void;
type Custom = (x: T, save: Save) => { value: T; gradFunc: (dy: T, saved: T[]) => T };

const x = tf.tensor1d([0.3, -0.7, 1.2]);
const ofX = (f: (x: T) => T) => (params: Params) => tf.sum(f(params.x as T)) as tf.Scalar;
const custom = (f: Custom) => {
  const differentiable = tf.customGrad(f as unknown as Parameters<typeof tf.customGrad>[0]);
  return (x: T) => differentiable(x);
};

/** exp(x) in ways in which one can write its gradient. */
const exponentials: Record<string, Custom> = {
  "saves an input": (x, save) => {
    save([x]);
    return { value: tf.exp(x), gradFunc: (dy, [x]) => tf.mul(dy, tf.exp(x as T)) };
  },
  "saves its output": (x, save) => {
    const value = tf.exp(x);
    save([value]);
    return { value, gradFunc: (dy, [y]) => tf.mul(dy, y as T) };
  },
  "saves what it computes on the way": (x, save) => {
    const half = tf.exp(tf.div(x, 2));
    save([half]);
    return { value: tf.square(half), gradFunc: (dy, [h]) => tf.mul(dy, tf.square(h as T)) };
  },
  "saves what it computes from its output": (x, save) => {
    const value = tf.exp(x);
    save([tf.sqrt(value)]);
    return { value, gradFunc: (dy, [root]) => tf.mul(dy, tf.square(root as T)) };
  },
  "saves what has several parts, one of which is its value": (x, save) => {
    const [value, twice] = tf.unstack(tf.stack([tf.exp(x), tf.mul(tf.exp(x), 2)])) as [T, T];
    save([twice]);
    return { value, gradFunc: (dy, [twice]) => tf.mul(dy, tf.div(twice as T, 2)) };
  },
  "uses its output without saving it": (x) => {
    const value = tf.exp(x);
    return { value, gradFunc: (dy) => tf.mul(dy, value) };
  },
  "uses its input without saving it": (x) => ({
    value: tf.exp(x),
    gradFunc: (dy) => tf.mul(dy, tf.exp(x)),
  }),
  "contains another one": (x, save) => {
    const value = custom(exponentials["saves its output"] as Custom)(x);
    save([value]);
    return { value, gradFunc: (dy, [y]) => tf.mul(dy, y as T) };
  },
};

describe("a custom gradient is right in second order if it", () => {
  test.each(Object.entries(exponentials))("%s", (_, f) => {
    const exp = custom(f);
    // d^2/dx^2 exp(x)^2 = 4 exp(x)^2, which goes through the value and through the gradient.
    const v = tf.tensor1d([1, 10, -1]);
    const hvp = hessianVectorProduct(
      ofX((x) => tf.square(exp(x))),
      { x },
      { x: v },
    );
    const wanted = tf.mul(tf.mul(tf.exp(tf.mul(x, 2)), 4), v).arraySync() as number[];
    Array.from(hvp.x?.dataSync() ?? []).forEach((found, i) => {
      expect(found / Number(wanted[i])).toBeCloseTo(1, 5);
    });
    expect(derivativeErrors(ofX(exp), { x }).hvp).toBeLessThan(2e-3);
  });

  // |x + 0i| is computed by kernels that have no gradient.
  const size = (x: T) => tf.abs(tf.complex(x, tf.zerosLike(x)));

  test("saves its output, which has no other gradient", () => {
    const absolute = custom((x, save) => {
      const value = size(x);
      save([x, value]);
      return { value, gradFunc: (dy, [x, y]) => tf.mul(dy, tf.div(y as T, x as T)) };
    });
    const f = ofX((x) => tf.square(absolute(x)));
    expect(hessianVectorProduct(f, { x }, { x: tf.ones([3]) }).x?.dataSync()[1]).toBeCloseTo(2, 5);
  });

  test("is refused if it saves something on the way that has no gradient", () => {
    const square = custom((x, save) => {
      const absolute = size(x);
      save([x, absolute]);
      return {
        value: tf.square(absolute),
        gradFunc: (dy, [x, y]) => tf.mul(dy, tf.mul(2, tf.mul(tf.sign(x as T), y as T))),
      };
    });
    const f = ofX(square);
    expect(valueAndGradients(f, { x }).gradients.x?.dataSync()[1]).toBeCloseTo(-1.4, 5);
    expect(() => hessianVectorProduct(f, { x }, { x })).toThrow(
      "[NOT_DIFFERENTIABLE] The operation ComplexAbs has no second derivative",
    );
  });
});

describe("a custom gradient", () => {
  test("holds for its value in every order, also where the value is an input", () => {
    const reversed = custom((x) => ({ value: x, gradFunc: tf.neg }));
    const f = ofX((x) => tf.mul(tf.square(reversed(x)), 0.5));
    expect(Array.from(valueAndGradients(f, { x }).gradients.x?.dataSync() ?? [])).toEqual(
      Array.from(tf.neg(x).dataSync()),
    );
    const hvp = hessianVectorProduct(f, { x }, { x: tf.ones([3]) });
    expect(Array.from(hvp.x?.dataSync() ?? [])).toEqual([1, 1, 1]); // -(-1)
  });

  test("leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    for (const f of Object.values(exponentials)) {
      tf.dispose(hessianVectorProduct(ofX(custom(f)), { x }, { x }).x as T);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("logSoftmax and softmaxCrossEntropy", () => {
  // The Hessian of -log softmax(x)_0 is diag(p) - p p^T.
  const logits = tf.tensor2d([[0.3, -0.7, 1.2]]);
  const p = Array.from(tf.softmax(logits).dataSync());
  const labels = tf.tensor2d([[1, 0, 0]]);
  const losses: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    logSoftmax: (x) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(x), labels))),
    softmaxCrossEntropy: (x) => tf.losses.softmaxCrossEntropy(labels, x),
  };

  test.each(Object.entries(losses))("%s has the Hessian of a cross-entropy", (_, loss) => {
    const v = { x: labels };
    const hvp = hessianVectorProduct(({ x }) => loss(x as T) as tf.Scalar, { x: logits }, v);
    const wanted = p.map((q, i) => (i === 0 ? q : 0) - Number(p[0]) * q);
    Array.from(hvp.x?.dataSync() ?? []).forEach((found, i) => {
      expect(found).toBeCloseTo(Number(wanted[i]), 6);
    });
  });
});

test("a kernel of one's own that saves its output is right in second order", () => {
  registerSecondOrderGradients();
  tf.registerKernel({
    kernelName: "OwnExp",
    backendName: "cpu",
    kernelFunc: ({ inputs }) => tf.exp(inputs.x as T),
  });
  tf.registerGradient({
    kernelName: "OwnExp",
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => tf.mul(dy as T, y as T) }),
  });
  const f = ofX((x) => tf.engine().runKernel("OwnExp", { x }) as T);
  expect(derivativeErrors(f, { x }).hvp).toBeLessThan(2e-3);
});

describe("what cannot be differentiated is refused by name", () => {
  const cases: Record<string, [f: (x: T) => T, message: string]> = {
    "without a gradient": [
      (x) => tf.unique(x).values,
      "[NOT_DIFFERENTIABLE] The operation Unique has no gradient. Write it with other operations.",
    ],
    "a kernel whose gradient has none": [
      (x) => ownRelu(x),
      '[NOT_DIFFERENTIABLE] The operation Unique has no second derivative. Take first-order meta-gradients (order: 1), or Hessian-vector products by finite differences (hvp: "finite-difference")',
    ],
    "convolutions that are dilated": [
      (x) =>
        tf.conv1d(tf.reshape(x, [1, 3, 1]) as tf.Tensor3D, tf.ones([2, 1, 1]), 1, "same", "NWC", 2),
      "[NOT_DIFFERENTIABLE] The operation conv2D has no gradient.",
    ],
  };
  const ownRelu = custom((x, save) => {
    save([x]);
    return { value: tf.relu(x), gradFunc: (dy, [x]) => tf.mul(dy, tf.unique(x as T).values) };
  });

  test.each(Object.entries(cases))("%s", (_, [f, message]) => {
    expect(() => hessianVectorProduct(ofX(f), { x }, { x })).toThrow(message);
  });
});
