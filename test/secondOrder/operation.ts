import * as tf from "@tensorflow/tfjs";

/** Numbers for one input of an operation. */
export interface Input {
  readonly shape: readonly number[];
  /** The range that they fill evenly, without order. */
  readonly from: number;
  readonly to: number;
}

/** An operation on inputs all of whose derivatives are taken. */
export interface Case {
  readonly f: (...x: never[]) => tf.Tensor | readonly tf.Tensor[];
  readonly inputs: readonly Input[];
}

/** Cases by what is special about them: "" is how the operation is mostly called. */
export type Cases = Readonly<Record<string, Case>>;

/** Second-order behaviour of an operation of TensorFlow.js, and the cases that show it. */
export interface Operation {
  /** Gradient and Hessian agree with finite differences. */
  readonly exact?: Cases;
  /** Its output is made of integers or booleans, or jumps: a constant, whose gradient is none or zero. */
  readonly constant?: Cases;
  /** There is an error that names it. */
  readonly refused?: Cases;
  /** Why it is refused. */
  readonly because?: string;
  /** It takes no numbers by which one could differentiate: the reason. */
  readonly none?: string;
}

/** Numbers between -1.4 and 1.4. */
export const any = (...shape: number[]): Input => ({ shape, from: -1.4, to: 1.4 });
/** Numbers between 0.3 and 2. */
export const positive = (...shape: number[]): Input => ({ shape, from: 0.3, to: 2 });
/** Numbers between -0.9 and 0.9. */
export const unit = (...shape: number[]): Input => ({ shape, from: -0.9, to: 0.9 });
/** Numbers between 1.3 and 3. */
export const aboveOne = (...shape: number[]): Input => ({ shape, from: 1.3, to: 3 });

/** The case `f(...inputs)`. */
export function on<T extends readonly tf.Tensor[]>(
  f: (...x: T) => tf.Tensor | readonly tf.Tensor[],
  ...inputs: readonly Input[]
): Case {
  return { f: f as unknown as Case["f"], inputs };
}

/** An operation that is exact in these cases. */
export const exact = (first: Case, more: Cases = {}): Operation => ({
  exact: { "": first, ...more },
});

/** An operation with a constant output, which weighs the input here. */
export const constant = (f: (x: tf.Tensor) => tf.Tensor, input: Input = any(2, 3)): Operation => ({
  constant: { "": on((x: tf.Tensor) => tf.mul(x, tf.cast(f(x), "float32")), input) },
});

/** An operation that is refused. */
export const refused = (because: string, given: Case): Operation => ({
  refused: { "": given },
  because,
});

export const none = (why: string): Operation => ({ none: why });

/** Integers as a tensor. */
export const ids = (values: readonly number[], shape: number[] = [values.length]): tf.Tensor =>
  tf.tensor([...values], shape, "int32");

/** Tensor of an input: multiples of the golden ratio, no two of which are close. */
export function valuesOf({ shape, from, to }: Input, phase: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const golden = (Math.sqrt(5) - 1) / 2;
  const values = Array.from({ length: size }, (_, i) => {
    const share = ((i + 1) * golden + phase) % 1;
    return from + (to - from) * share;
  });
  return tf.tensor(values, [...shape], "float32");
}
