import * as tf from "@tensorflow/tfjs";

/** The values of a tensor in memory, row-major. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** Access to a backend's values without copying. */
export interface Access {
  /** Returns the values of a tensor; valid until memory is next allocated. */
  view(tensor: tf.TensorInfo): Numbers;
  /** Makes a tensor filled with one value, to write to. */
  filled(
    shape: number[],
    dtype: tf.DataType,
    value: number,
  ): { tensor: tf.TensorInfo; values: Numbers };
}

/** The parts of TensorFlow.js's WASM backend that are used here. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Numbers;
}

/** The parts of TensorFlow.js's plain JavaScript backend that are used here. */
interface CpuBackend {
  readonly data: tf.DataStorage<{ values: Numbers }>;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Numbers): tf.TensorInfo;
}

/** Access to the backends whose memory JavaScript can read, by name. */
export const accessTo: Readonly<Record<"wasm" | "cpu", (backend: unknown) => Access>> = {
  wasm(backend) {
    const wasm = backend as WasmBackend;
    return {
      view: (tensor) => wasm.typedArrayFromHeap(tensor),
      filled(shape, dtype, value) {
        const tensor = wasm.makeOutput(shape, dtype);
        return { tensor, values: wasm.typedArrayFromHeap(tensor).fill(value) };
      },
    };
  },
  cpu(backend) {
    const cpu = backend as CpuBackend;
    return {
      view: ({ dataId }) => cpu.data.get(dataId).values,
      filled(shape, dtype, value) {
        const size = tf.util.sizeFromShape(shape);
        const values = tf.util.makeZerosTypedArray(size, dtype as "float32").fill(value);
        return { tensor: cpu.makeTensorInfo(shape, dtype, values), values };
      },
    };
  },
};
