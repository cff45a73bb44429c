import * as tf from "@tensorflow/tfjs";
import type { NativeBinding, NativeTensor, NativeValues } from "../binding/binding.js";
import { NodeJSKernelBackend, type TensorEntry, type TensorMap } from "../binding/kernels.js";
import { refuseHostRandomness } from "./hostRandomness.js";
import { matrixProduct } from "./matrixProduct.js";
import type { Trace } from "./trace.js";

/**
 * The backend that is active while a function is traced: TensorFlow's kernels, over a binding that
 * puts each operation into a graph instead of executing it.
 */
export class GraphBackend extends NodeJSKernelBackend {
  #trace: Trace | undefined;

  constructor(binding: NativeBinding) {
    super(
      recordingBinding(binding, () => this.trace),
      "@tensorflow/tfjs-node",
    );
  }

  /** The trace in progress. */
  get trace(): Trace {
    if (!this.#trace) throw new Error("A tensor of a compilation that is over is being used.");
    return this.#trace;
  }

  begin(trace: Trace): void {
    this.#trace = trace;
    this.tensorMap = new TracedTensors((owner) => trace.capture(owner));
  }

  end(): void {
    this.#trace = undefined;
    this.tensorMap = new TracedTensors(() => this.trace.capture({}));
  }

  /** Captures variables as such, because their data is replaced when a value is assigned. */
  override getInputTensorIds(tensors: readonly { readonly dataId: object }[]): number[] {
    return super.getInputTensorIds(
      tensors.map((tensor) => (tensor instanceof tf.Variable ? { dataId: tensor } : tensor)),
    );
  }

  /** Converts numbers at once, as the eager backend does. */
  override move(
    dataId: object,
    values: NativeValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    refuseHostRandomness(this.trace.name);
    super.move(dataId, values, shape, dtype, refCount);
    this.getInputTensorIds([{ dataId }]);
  }

  /** Counts references. A kernel may return its input, which may belong to the eager backend. */
  override incRef(dataId: object): void {
    const owner = tf.engine().state.tensorInfo.get(dataId)?.backend ?? this;
    if (owner === this) super.incRef(dataId);
    else owner.incRef(dataId);
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }
}

/** Tensors of a trace. A captured tensor becomes an input of the graph. */
class TracedTensors implements TensorMap {
  readonly #entries = new Map<object, TensorEntry>();
  readonly #captured = new Map<object, TensorEntry>();
  readonly #capture: (owner: object) => NativeTensor;

  constructor(capture: (owner: object) => NativeTensor) {
    this.#capture = capture;
  }

  get(dataId: object): TensorEntry {
    const known = this.#entries.get(dataId) ?? this.#captured.get(dataId);
    if (known) return known;
    const entry = { ...this.#capture(dataId), values: null, refCount: 1 };
    this.#captured.set(dataId, entry);
    return entry;
  }

  set(dataId: object, entry: TensorEntry): void {
    this.#entries.set(dataId, entry);
  }

  has(dataId: object): boolean {
    return this.#entries.has(dataId);
  }

  delete(dataId: object): boolean {
    return this.#entries.delete(dataId);
  }

  numDataIds(): number {
    return this.#entries.size;
  }
}

/** A binding for kernels that adds operations to the graph; outputs of the graph replace tensors. */
function recordingBinding(binding: NativeBinding, current: () => Trace): NativeBinding {
  return {
    ...binding,
    createTensor: (shape, dtype, data) => current().builder.constant(shape, dtype, data).id,
    deleteTensor() {}, // the graph is freed as a whole
    tensorDataSync: (id) => current().builder.valueOf(id),
    executeOp(name, attributes, inputs, outputCount) {
      const { builder, multiply } = current();
      if (name === matrixProduct) return [multiply(inputs, attributes)];
      return builder.operation(name, attributes, inputs, outputCount);
    },
  };
}
