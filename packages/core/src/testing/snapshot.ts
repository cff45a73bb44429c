import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs";

/** A nest of objects, arrays and tensors, with copies of the tensors' values instead of tensors. */
export function snapshot(value: unknown): unknown {
  if (value instanceof tf.Tensor) {
    return { shape: value.shape, dtype: value.dtype, values: value.dataSync().slice() };
  }
  if (Array.isArray(value)) return value.map(snapshot);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, snapshot(part)]));
}

/** Whether two nests are equal, bit for bit. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(snapshot(a), snapshot(b));
}

/** @throws AssertionError with `message` unless two nests are equal, bit for bit */
export function assertSame(actual: unknown, expected: unknown, message: string): void {
  assert.ok(isSame(actual, expected), message);
}

/** The same within what another order of summation does to float32. */
export function assertClose(actual: unknown, expected: unknown, message: string): void {
  const [a, b] = [tensorsIn(actual), tensorsIn(expected)];
  assert.equal(a.length, b.length, message);
  for (const [i, tensor] of a.entries()) {
    const wanted = b[i] as tf.Tensor;
    assert.deepEqual(tensor.shape, wanted.shape, message);
    const values = wanted.dataSync();
    for (const [j, value] of tensor.dataSync().entries()) {
      const difference = Math.abs(value - Number(values[j]));
      assert.ok(difference <= 1e-5 * Math.max(1, Math.abs(value)), message);
    }
  }
}

/** @throws AssertionError when `work` changes or frees a tensor of what it is `given` */
export function assertUntouched(
  given: Readonly<Record<string, unknown>>,
  work: () => unknown,
): void {
  const before = Object.entries(given).map(([name, value]) => [name, snapshot(value)] as const);
  const result = work();
  for (const [name, values] of before) {
    const freed = tensorsIn(given[name]).some((tensor) => tensor.isDisposed);
    assert.ok(!freed, `A tensor of ${name} was freed, which belongs to the caller.`);
    assert.ok(isDeepStrictEqual(snapshot(given[name]), values), `What ${name} holds was changed.`);
  }
  tf.dispose(result as tf.TensorContainer);
}

/** @throws AssertionError when tensors are left after `work` and the disposal of what it returned */
export function assertNoLeak(work: () => unknown): void {
  const before = tf.memory().numTensors;
  tf.dispose(work() as tf.TensorContainer);
  const left = tf.memory().numTensors - before;
  assert.equal(left, 0, `${left} tensors are left behind besides the result.`);
}

/** The tensors in a nest of objects and arrays. */
export function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}
