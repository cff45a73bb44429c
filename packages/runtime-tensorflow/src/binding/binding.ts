import type { ElementwiseProgram } from "./elementwiseProgram.js";

/** A device that TensorFlow computes on. */
export interface NativeDevice {
  /** `/job:localhost/replica:0/task:0/device:GPU:0` */
  readonly name: string;
  readonly type: "CPU" | "GPU" | (string & {});
  readonly memoryBytes: number;
}

/** NVIDIA's driver and the GPUs that are visible to this process, in the order of CUDA's numbers. */
export interface CudaDriver {
  /** The newest CUDA that it supports: `13.0`. */
  readonly version: string;
  readonly devices: readonly CudaDevice[];
}

/** A GPU as the driver describes it. */
interface CudaDevice {
  readonly name: string;
  /** `9.0` for an H100 or H200. */
  readonly computeCapability: string;
  readonly memoryBytes: number;
}

/** Memory of a GPU in bytes. */
interface CudaMemory {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Bytes that this process uses in the pool of CUDA's own allocator, now and at the peak. */
  readonly poolBytes: number;
  readonly poolPeakBytes: number;
}

/** An attribute of an operation; `type` is one of the binding's `TF_ATTR_*`. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** An output of an operation. The receiver owns it, and frees it by `deleteTensor` on its `id`. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  /** One of the binding's `TF_FLOAT`, `TF_INT32`, … */
  readonly dtype: number;
}

/** Values in memory order: the typed array of the data type, or one byte array per string. */
export type NativeValues =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | readonly Uint8Array[];

/** Exports of the addon; see native/module.cc. Failures are thrown with the operation's name. */
export interface NativeBinding {
  /** Starts TensorFlow with a serialized `ConfigProto`. One engine may be open at a time. */
  openEngine(config: Uint8Array): readonly NativeDevice[];
  /** Frees every tensor and TensorFlow's context. */
  closeEngine(): void;
  isEngineOpen(): boolean;
  createTensor(shape: readonly number[], dtype: number, data: NativeValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): NativeValues;
  /** The name of the device whose memory holds the values. */
  tensorDevice(id: number): string;
  executeOp(
    name: string,
    attributes: readonly NativeAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): NativeTensor[];

  /** Begins a graph. One may be open at a time; its outputs have numbers of their own. */
  openGraph(): void;
  closeGraph(): void;
  /** A serialized `OpDef`. */
  operationDefinition(name: string): Uint8Array;
  addPlaceholder(shape: readonly number[], dtype: number): NativeTensor;
  addConstant(shape: readonly number[], dtype: number, data: NativeValues): NativeTensor;
  /** Adds an operation to the open graph. An unknown dimension is -1; an unknown rank is the single dimension -1. */
  addOperation(
    name: string,
    attributes: readonly NativeAttribute[],
    /** Ids of outputs, with a list for an input that is a list. */
    inputs: readonly (number | readonly number[])[],
    outputCount: number,
  ): NativeTensor[];
  /** Evaluates an output that is constant; `undefined` if it depends on a placeholder. */
  constantValue(id: number): NativeValues | undefined;
  /**
   * Makes a function of a part of the open graph, which `executeOp` runs by its name. Outputs must differ from each
   * other and from the inputs.
   *
   * @param bodyIds outputs of the operations in the function
   */
  addFunction(
    name: string,
    inputIds: readonly number[],
    outputIds: readonly number[],
    bodyIds: readonly number[],
  ): void;
  removeFunction(name: string): void;

  /** Creates a program for `runElementwise`, which is freed with the last reference to it. */
  createElementwise(program: ElementwiseProgram): unknown;
  /**
   * Runs a program on the CPU. Donated inputs are deleted, and their memory is reused for outputs if no other tensor
   * shares it.
   */
  runElementwise(
    program: unknown,
    inputIds: readonly number[],
    taken: readonly boolean[],
  ): NativeTensor[];

  /** Allows float32 products on a GPU to round operands to 11 bits (TensorFloat-32), for the whole process. */
  allowTensorFloat32(allowed: boolean): void;
  /** Queries NVIDIA's driver; throws the reason if there is none. */
  cudaDriver(): CudaDriver;
  /** Returns the memory of a GPU. @param device its index in {@link cudaDriver} */
  cudaMemory(device: number): CudaMemory;
  /** Opens a shared library, which stays open; returns the reason if that fails. */
  libraryProblem(path: string): string | undefined;

  /** Returns memory that the allocator keeps after frees to the system. */
  trimMemory(): void;

  isUsingGpuDevice(): boolean;
  /** Number of tensors that were not deleted. */
  getNumOfTensors(): number;
  /** Bytes of these tensors. A shared buffer counts once per tensor. */
  getTensorBytes(): number;
  getNumOfSavedModels(): number;

  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_DOUBLE: number;
  readonly TF_HALF: number;
  readonly TF_BFLOAT16: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_UINT8: number;
  readonly TF_BOOL: number;
  readonly TF_COMPLEX64: number;
  readonly TF_STRING: number;
  readonly TF_RESOURCE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}
