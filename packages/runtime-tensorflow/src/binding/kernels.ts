// The only file that loads the kernels and the backend class of @tensorflow/tfjs-node-gpu, from the
// bundle that scripts/bundleKernels.mjs makes of them.
import { createRequire } from "node:module";
import type { DataType, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs";
import type { NativeAttribute, NativeBinding, NativeTensor, NativeValues } from "./binding.js";

/**
 * The parts of the package's backend class that are used here. Its own declaration hides members that
 * subclasses need.
 */
export interface NodeBackend extends KernelBackend {
  readonly binding: NativeBinding;
  /** Tensors of the binding, by `dataId`. */
  tensorMap: TensorMap;
  getDTypeInteger(dtype: DataType): number;
  /** Returns the binding's ids of tensors; values that are still in JavaScript are uploaded first. */
  getInputTensorIds(tensors: readonly { readonly dataId: object }[]): number[];
  /** Makes a tensor from an output of the binding. */
  createOutputTensor(output: NativeTensor): Tensor;
  executeSingleInput(operation: string, input: TensorInfo): Tensor;
  executeSingleOutput(
    operation: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly TensorInfo[],
  ): Tensor;
  move(
    dataId: object,
    values: NativeValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void;
}

/** Entry of a tensor in the class's {@link TensorMap}. */
export interface TensorEntry {
  readonly shape: number[];
  readonly dtype: number;
  id: number;
  /** Values that were not yet passed to the binding. */
  values: NativeValues | null;
  refCount: number;
}

/** Store of the class's tensors, such as TensorFlow.js's `DataStorage`. */
export interface TensorMap {
  get(dataId: object): TensorEntry;
  set(dataId: object, entry: TensorEntry): void;
  has(dataId: object): boolean;
  delete(dataId: object): boolean;
  numDataIds(): number;
}

const require = createRequire(import.meta.url);

supplyRemovedHelpers();
/** Runs TensorFlow.js kernels through a binding; the package's name says whether on a GPU. */
export const { NodeJSKernelBackend } = require("../../kernels/kernels.cjs") as {
  NodeJSKernelBackend: new (binding: NativeBinding, packageName: string) => NodeBackend;
};

/** The kernels call two helpers of node:util that Node.js 22 warns about and 23 has removed. */
function supplyRemovedHelpers(): void {
  const util = require("node:util") as Record<string, unknown>;
  const major = Number.parseInt(process.versions.node, 10);
  if (major < 22) return;
  util.isArray = Array.isArray;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
}
