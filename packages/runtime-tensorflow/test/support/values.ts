import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";
import { cpu } from "../../src/javascript/cpu.js";

/** A tensor in JavaScript. */
export interface Values {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string)[];
}

/** Computes on the engine that is active and frees everything. */
export function valuesOf(compute: () => tf.Tensor | tf.Tensor[]): Values[] {
  return tf.tidy(() => {
    const result = compute();
    return (Array.isArray(result) ? result : [result]).map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      data: Array.from<number | string>(tensor.dataSync() as unknown as ArrayLike<number>),
    })) as unknown as tf.TensorContainer;
  }) as unknown as Values[];
}

/** Results of computations on the plain JavaScript engine, which is active afterwards. */
export async function valuesInJavaScript(
  computations: Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>>,
): Promise<Record<string, Values[]>> {
  await cpu();
  return Object.fromEntries(
    Object.entries(computations).map(([name, compute]) => [name, valuesOf(compute)]),
  );
}

/** The same shapes and types, and numbers that agree to a tolerance relative to 1 or the larger. */
export function expectSame(
  actual: readonly Values[],
  expected: readonly Values[],
  tolerance = 1e-5,
) {
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  expected.forEach(({ data }, i) => {
    data.forEach((wanted, j) => {
      const came = actual[i]?.data[j];
      if (typeof wanted === "number" && typeof came === "number" && Number.isFinite(wanted)) {
        const error = Math.abs(came - wanted) / Math.max(1, Math.abs(wanted));
        expect(error, `element ${j} of output ${i}: ${came}, not ${wanted}`).toBeLessThan(
          tolerance,
        );
      } else {
        expect(came).toEqual(wanted); // NaN, infinities, texts
      }
    });
  });
}

/** Numbers between -1 and 1 that are the same on every engine. */
export function wave(shape: number[], phase = 0): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(2.4 * i + phase)),
    shape,
  );
}
