import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs";

/** Copies nested objects and arrays, with the values of tensors in place of tensors. */
export function snapshot(value: unknown): unknown {
  if (value instanceof tf.Tensor) {
    return { shape: value.shape, dtype: value.dtype, values: value.dataSync().slice() };
  }
  if (Array.isArray(value)) return value.map(snapshot);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, snapshot(part)]));
}

/** True if two nested structures of tensors are equal, bit for bit. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(snapshot(a), snapshot(b));
}

/** Asserts that two nested structures of tensors are equal, bit for bit. @throws AssertionError with `message` */
export function assertSame(actual: unknown, expected: unknown, message: string): void {
  assert.ok(isSame(actual, expected), message);
}

/** Asserts that two nested structures are equal up to float32 rounding (1e-5). @throws AssertionError with `message` */
export function assertClose(actual: unknown, expected: unknown, message: string): void {
  const [a, b] = [tensorsIn(actual), tensorsIn(expected)];
  assert.equal(a.length, b.length, message);
  for (const [i, tensor] of a.entries()) {
    const other = b[i] as tf.Tensor;
    assert.deepEqual(tensor.shape, other.shape, message);
    const values = other.dataSync();
    for (const [j, value] of tensor.dataSync().entries()) {
      const difference = Math.abs(value - Number(values[j]));
      assert.ok(difference <= 1e-5 * Math.max(1, Math.abs(value)), message);
    }
  }
}

/** Asserts that `work` neither changes nor frees tensors in `given`, its arguments by name. @throws AssertionError */
export function assertUntouched(
  given: Readonly<Record<string, unknown>>,
  work: () => unknown,
): void {
  const before = Object.entries(given).map(([name, value]) => [name, snapshot(value)] as const);
  const result = work();
  for (const [name, values] of before) {
    const freed = tensorsIn(given[name]).some((tensor) => tensor.isDisposed);
    assert.ok(!freed, `Expected ${name} untouched, got a freed tensor; it belongs to the caller.`);
    assert.ok(
      isDeepStrictEqual(snapshot(given[name]), values),
      `Expected ${name} untouched, got changed values.`,
    );
  }
  tf.dispose(result as tf.TensorContainer);
}

/** Asserts that no tensors remain after `work`, once its result is disposed. @throws AssertionError */
export function assertNoLeak(work: () => unknown): void {
  const before = tf.memory().numTensors;
  tf.dispose(work() as tf.TensorContainer);
  const left = tf.memory().numTensors - before;
  assert.equal(left, 0, `Expected no tensors apart from the result, got ${left}.`);
}

/** Lists the tensors in nested objects and arrays. */
export function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}
