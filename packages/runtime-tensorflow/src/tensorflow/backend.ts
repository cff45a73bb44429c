import type { DataType } from "@tensorflow/tfjs";
import type { NativeBinding, NativeValues } from "../binding/binding.js";
import { NodeJSKernelBackend } from "../binding/kernels.js";

/** TensorFlow.js's backend over the addon. It owns the engine that is open in the binding. */
export class TensorFlowBackend extends NodeJSKernelBackend {
  #isClosed = false;

  constructor(binding: NativeBinding) {
    super(binding, `@tensorflow/tfjs-node${binding.isUsingGpuDevice() ? "-gpu" : ""}`);
  }

  /**
   * Copies numbers from JavaScript at once. The base class would keep them until an operation needs them: the engine
   * would not count their bytes, and a later change of the array would change the tensor. Texts stay in JavaScript,
   * because a buffer of them may have gaps.
   */
  override move(
    dataId: object,
    values: NativeValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    super.move(dataId, values, shape, dtype, refCount);
    if (dtype !== "string") this.getInputTensorIds([{ dataId }]);
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override disposeData(dataId: object, force?: boolean): boolean {
    // The engine freed all tensors; what is left of them in TensorFlow.js may still be disposed.
    return this.#isClosed || super.disposeData(dataId, force);
  }

  /** Frees the engine. */
  override dispose(): void {
    this.#isClosed = true;
    this.binding.closeEngine();
  }
}
