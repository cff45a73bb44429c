// The only file that loads the kernels and the backend class of @tensorflow/tfjs-node-gpu, from the
// bundle that scripts/bundleKernels.mjs makes of them.
import { createRequire } from "node:module";
import type { DataType, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs";
import type { NativeBinding, NativeValues } from "./binding.js";

/**
 * What we use of the package's backend class. Its own declaration hides from subclasses what they
 * need.
 */
export interface NodeBackend extends KernelBackend {
  readonly binding: NativeBinding;
  /** The binding's numbers of tensors; values that are still in JavaScript are uploaded first. */
  getInputTensorIds(tensors: readonly { readonly dataId: object }[]): number[];
  executeSingleInput(operation: string, input: TensorInfo): Tensor;
  move(
    dataId: object,
    values: NativeValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void;
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
