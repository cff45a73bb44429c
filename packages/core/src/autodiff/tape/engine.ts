import * as tf from "@tensorflow/tfjs";

/** One step of what TensorFlow.js records for a gradient. */
export interface TapeNode {
  readonly id: number;
  /** The kernel's name; of a custom gradient, that of the scope around it. */
  readonly kernelName: string;
  inputs: Record<string, tf.Tensor>;
  outputs: readonly Pick<tf.Tensor, "id">[];
  readonly saved: readonly tf.Tensor[];
}

/** What an operation computes with tensors; of optional ones, those left out are `undefined`. */
export type Inputs = Record<string, tf.Tensor | undefined>;

/** The function that `tf.customGrad` takes. */
export type CustomGradient = (...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
  value: tf.Tensor;
  gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
};

/** What we touch of TensorFlow.js's engine that its declarations keep private. */
export interface Engine {
  readonly state: {
    /** Gradients around the operation that runs. */
    readonly gradientDepth: number;
    /** Kernels and custom gradients around it, which record as one. */
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

/** TensorFlow.js's engine, of which a process has one. */
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
