import * as tf from "@tensorflow/tfjs";

/** A node of TensorFlow.js's gradient tape: one recorded operation. */
export interface TapeNode {
  readonly id: number;
  /** Name of the kernel; for a custom gradient, of the enclosing scope. */
  readonly kernelName: string;
  inputs: Record<string, tf.Tensor>;
  outputs: readonly Pick<tf.Tensor, "id">[];
  readonly saved: readonly tf.Tensor[];
}

/** Inputs of an operation by name; omitted optional ones are `undefined`. */
export type Inputs = Record<string, tf.Tensor | undefined>;

/** A function for `tf.customGrad`. */
export type CustomGradient = (...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
  value: tf.Tensor;
  gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
};

/** Private parts of TensorFlow.js's engine that are patched here. */
export interface Engine {
  readonly state: {
    /** Number of nested gradient computations around the current operation. */
    readonly gradientDepth: number;
    /** Number of kernels and custom gradients around it. Only at depth 0 are operations recorded. */
    kernelDepth: number;
    readonly activeTape: TapeNode[];
    readonly activeScope: { readonly name: string } | null;
  };
  addTapeNode(
    kernelName: string,
    inputs: Inputs,
    outputs: tf.Tensor[],
    gradient: unknown,
    saved: tf.Tensor[],
    attributes: unknown,
  ): void;
  customGrad(f: CustomGradient): (...inputs: tf.Tensor[]) => tf.Tensor;
  runKernel(
    kernelName: string,
    inputs: Inputs,
    attributes?: Record<string, unknown>,
  ): tf.Tensor | tf.Tensor[];
}

/** The engine of TensorFlow.js, one per process. */
export function engine(): Engine {
  return tf.engine() as unknown as Engine;
}

/** Runs one kernel. */
export function runKernel(
  kernelName: string,
  inputs: Inputs,
  attributes: Record<string, unknown> = {},
): tf.Tensor {
  return engine().runKernel(kernelName, inputs, attributes) as tf.Tensor;
}
