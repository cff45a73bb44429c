import * as tf from "@tensorflow/tfjs";
import { describe, expect, test, vi } from "vitest";
import type { Objective } from "../src/contracts/objective.js";
import { MetaError } from "../src/errors.js";
import { createObjective } from "../src/objective/createObjective.js";
import type { Params } from "../src/params.js";
import { checkedAtFirst } from "../src/train/checkSecondOrder.js";

type T = tf.Tensor;

/**
 * x^2 with the gradient 2 x, of which a share is made of numbers that were read: it is no part of the
 * second derivative.
 */
const squareWithout = (share: number) => (x: T) => {
  const f = tf.customGrad((...args) => {
    const [x, save] = args as [T, tf.GradSaveFunc];
    const known = tf.tensor(x.dataSync(), x.shape);
    save([x, known]);
    return {
      value: tf.square(x),
      gradFunc: (dy: T, [x, known]: T[]) => {
        const slope = tf.add(tf.mul(x as T, 1 - share), tf.mul(known as T, share));
        return tf.mul(dy, tf.mul(slope, 2));
      },
    };
  });
  return f(x);
};

/** A network of one hidden layer with `activation`, and `square` of its errors. */
function problem(square: (x: T) => T, activation: (x: T) => T = tf.tanh) {
  const numbers = (shape: number[], seed: number) =>
    tf.randomNormal(shape, 0, 0.5, "float32", seed);
  const params = { a: numbers([3, 20], 1), b: numbers([20, 2], 2) };
  const batch = { x: numbers([10, 3], 3), y: numbers([10, 2], 4) };
  const loss = (p: Params, { x, y }: Params) => {
    const hidden = activation(tf.matMul(x as T, p.a as T));
    return tf.mean(square(tf.sub(tf.matMul(hidden, p.b as T), y as T))) as tf.Scalar;
  };
  const objective = createObjective({ loss });
  const gradient = vi.fn(objective.gradient);
  const counted: Objective = { ...objective, gradient };
  return { objective: counted, gradient, params, batch };
}

const productOf = ({ objective, params, batch }: ReturnType<typeof problem>, options = {}) => {
  const checked = checkedAtFirst(objective, options);
  return tf.tidy(() => checked.hvp(params, batch, params));
};

describe("the first Hessian-vector product", () => {
  test("is not compared where all operations are TensorFlow.js's own", () => {
    for (const square of [tf.square, (x: T) => tf.neg(tf.logSigmoid(x))]) {
      const given = problem(square as (x: T) => T, tf.relu);
      productOf(given);
      expect(given.gradient).not.toHaveBeenCalled();
    }
  });

  test("is compared with one difference where there is a custom gradient that is right", () => {
    const given = problem(squareWithout(0));
    productOf(given);
    expect(given.gradient).toHaveBeenCalledTimes(2);
  });

  test("is compared once", () => {
    const given = problem(squareWithout(0));
    const checked = checkedAtFirst(given.objective, {});
    const { params, batch } = given;
    for (const _ of [1, 2]) tf.tidy(() => checked.hvp(params, batch, params));
    tf.tidy(() => checked.linearize(params, batch).hvp(params));
    expect(given.gradient).toHaveBeenCalledTimes(2);
  });

  test.each([1, 0.1, 0.03])("is refused where a share of %d is missing", (share) => {
    const given = problem(squareWithout(share));
    expect(() => productOf(given)).toThrow(MetaError);
    expect(() => productOf(given)).toThrow(
      /^\[WRONG_DERIVATIVE\] At the first meta-update .* % off .* It uses tf.customGrad, .* checkSecondOrder: false/,
    );
    const { objective, params, batch } = given;
    const linearized = () =>
      tf.tidy(() => checkedAtFirst(objective, {}).linearize(params, batch).hvp(params));
    expect(linearized).toThrow("WRONG_DERIVATIVE");
  });

  test("is not compared where the options say so, and compared where they say that", () => {
    const wrong = problem(squareWithout(1));
    productOf(wrong, { checkSecondOrder: false });
    productOf(wrong, { hvp: "finite-difference" });
    expect(wrong.gradient).not.toHaveBeenCalled();
    const known = problem(tf.square);
    productOf(known, { checkSecondOrder: true });
    expect(known.gradient).toHaveBeenCalledTimes(2);
  });

  test("is compared where somebody has given a kernel another gradient", () => {
    const stock = tf.getGradient(tf.Softplus);
    const given = problem((x) => tf.softplus(x));
    productOf(given);
    expect(given.gradient).not.toHaveBeenCalled();
    tf.unregisterGradient(tf.Softplus);
    tf.registerGradient({ ...stock });
    productOf(given);
    expect(given.gradient).toHaveBeenCalled();
    tf.unregisterGradient(tf.Softplus);
    tf.registerGradient(stock);
  });

  test("is not refused where it is zero but for rounding", () => {
    const same = tf.customGrad((x) => ({
      value: tf.clone(x as T),
      gradFunc: (dy: T) => tf.clone(dy),
    }));
    const loss = (p: Params, { x }: Params) =>
      tf.sum(tf.mul(same(tf.mul(p.w as T, x as T)), x as T)) as tf.Scalar;
    const [params, batch] = [1, 2].map((seed) => ({
      w: tf.randomNormal([50], 0, 1, "float32", seed),
      x: tf.randomNormal([50], 0, 1, "float32", seed + 2),
    })) as unknown as [Params, Params];
    const checked = checkedAtFirst(createObjective({ loss }), {});
    tf.tidy(() => checked.hvp({ w: params.w as T }, batch, { w: batch.w as T }));
  });

  test("is warned of and not refused where gradients jump", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    productOf(problem(squareWithout(1), tf.relu));
    expect(warning).toHaveBeenCalledWith(expect.stringContaining("the difference may be in error"));
    warning.mockClear();
    productOf(problem(squareWithout(0), tf.relu));
    expect(warning).not.toHaveBeenCalled();
    warning.mockRestore();
  });
});
