import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { LossAndGradients } from "../src/contracts/objective.js";
import { meanGradient } from "../src/objective/lossAndGradients.js";

const part = (loss: number, gradient: readonly number[]): LossAndGradients => ({
  loss: tf.scalar(loss),
  gradients: { w: tf.tensor1d([...gradient]) },
});

describe("the mean of gradients", () => {
  test("is that of losses and, name by name, of gradients", () => {
    const parts = [part(1, [3, 0]), part(2, [6, -3]), part(6, [0, 0])];
    const { loss, gradients } = meanGradient(parts, (part) => part);
    expect(loss.dataSync()[0]).toBeCloseTo(3, 6);
    expect(Array.from(gradients.w?.dataSync() ?? [])).toEqual([3, -1]);
  });

  test("of one is that one", () => {
    const only = part(1, [3, 0]);
    expect(meanGradient([only], (part) => part)).toEqual(only);
    expect(only.loss.isDisposed).toBe(false);
  });

  test("holds one part beside the sum, however many there are", () => {
    const before = tf.memory().numTensors;
    const held: number[] = [];
    const { loss, gradients } = meanGradient([0, 1, 2, 3, 4], (i) => {
      held.push(tf.memory().numTensors - before);
      return part(i, [i]);
    });
    expect(held).toEqual([0, 2, 2, 2, 2]); // from the second on the sum of a loss and a gradient
    expect(tf.memory().numTensors - before).toBe(2);
    tf.dispose([loss, { ...gradients }]);
  });

  test("of none is an error", () => {
    expect(() => meanGradient([], () => part(0, []))).toThrow(
      "[BAD_OPTION] meanGradient needs at least one gradient.",
    );
  });
});
