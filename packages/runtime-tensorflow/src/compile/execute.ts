import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { NativeBinding, NativeTensor } from "../binding/binding.js";
import type { NodeBackend } from "../binding/kernels.js";
import type { Capture } from "./trace.js";
import type { NativeElementwise, TracedFunction } from "./traceFunction.js";

/** A function of the engine, ready to be executed. */
export interface Executable {
  readonly traced: TracedFunction;
  /** The engine's name of it. */
  readonly functionName: string;
  /** The user's name of it, for messages. */
  readonly name: string;
}

/**
 * Executes a traced function as one operation of the eager backend, which must be active.
 *
 * @param tensors the arguments' tensors, in the order of the signature
 * @param donated tensors among them whose memory may be reused for results
 * @returns the result, in the structure that the traced function returned
 * @throws MetaError `BAD_OPTION` when a tensor is disposed; `BAD_DATA` for an index out of range
 */
export function execute(
  binding: NativeBinding,
  compiled: Executable,
  tensors: readonly tf.Tensor[],
  donated: ReadonlySet<tf.Tensor>,
): unknown {
  const { traced, name } = compiled;
  const backend = tf.backend() as NodeBackend;
  tensors.forEach((tensor, i) => {
    if (!tensor.isDisposed) return;
    throw new MetaError("BAD_OPTION", `${name}: tensor ${i + 1} of the arguments is disposed.`);
  });
  const inputs = [...tensors, ...traced.captures.map((capture) => captured(name, capture))];
  const ids = backend.getInputTensorIds(inputs);
  for (const { input, length } of traced.indexInputs) {
    const indices = backend.readSync(inputs[input]?.dataId as object) as Int32Array;
    requireIndices(name, indices, length);
  }
  const outputs = (
    traced.elementwise
      ? executeElementwise(
          binding,
          traced.elementwise,
          ids,
          takeOver(backend, tensors, (tensor, i) => donated.has(tensor) && !traced.returned.has(i)),
        )
      : executeFunction(binding, compiled, ids)
  ).map((output) => backend.createOutputTensor(known(binding, output)));
  return traced.result(outputs, tensors);
}

/**
 * Relabels bfloat16 as float32, because TensorFlow.js has no bfloat16. Such a tensor only passes between two stages;
 * its values are never read.
 */
function known({ TF_BFLOAT16, TF_FLOAT }: NativeBinding, output: NativeTensor): NativeTensor {
  return output.dtype === TF_BFLOAT16 ? { ...output, dtype: TF_FLOAT } : output;
}

function executeFunction(
  binding: NativeBinding,
  { traced, functionName }: Executable,
  ids: readonly number[],
): NativeTensor[] {
  const xla = { name: "_XlaMustCompile", type: binding.TF_ATTR_BOOL, value: true };
  return binding.executeOp(
    functionName,
    traced.mode === "xla" ? [xla] : [],
    ids,
    traced.outputCount,
  );
}

function executeElementwise(
  binding: NativeBinding,
  { program, order }: NativeElementwise,
  ids: readonly number[],
  taken: readonly boolean[],
): NativeTensor[] {
  const outputs = binding.runElementwise(program, ids, taken);
  return order.map((i) => outputs[i] as NativeTensor);
}

/**
 * Disposes donated tensors, but keeps their memory in the binding for the next run. Tensors with shared data are left
 * unchanged.
 *
 * @returns true for each of `tensors` whose memory was taken over
 */
function takeOver(
  backend: NodeBackend,
  tensors: readonly tf.Tensor[],
  isDonated: (tensor: tf.Tensor, i: number) => boolean,
): boolean[] {
  return tensors.map((tensor, i) => {
    const entry = backend.tensorMap.get(tensor.dataId);
    if (!isDonated(tensor, i) || entry.refCount > 1 || tensor instanceof tf.Variable) return false;
    entry.id = -1; // there is nothing left to delete for the backend
    tensor.dispose();
    return true;
  });
}

/** The current data of a captured tensor. */
function captured(name: string, capture: Capture): { readonly dataId: object } {
  const isVariable = capture instanceof tf.Variable;
  const isAlive = isVariable ? !capture.isDisposed : tf.engine().state.tensorInfo.has(capture);
  if (isAlive) return { dataId: isVariable ? capture.dataId : capture };
  throw new MetaError(
    "BAD_OPTION",
    `${name} uses a ${isVariable ? "variable" : "tensor"} that is not an argument of it, ` +
      "and that was disposed since it was compiled. Pass it as an argument, or keep it.",
  );
}

/** Checks indices, because XLA and GPUs return the nearest row, or zeros, for one out of range. */
function requireIndices(name: string, indices: Int32Array, length: number): void {
  const wrong = indices.find((index) => index < 0 || index >= length);
  if (wrong === undefined) return;
  throw new MetaError("BAD_DATA", `${name}: gather: the index ${wrong} is not in [0, ${length}).`);
}
