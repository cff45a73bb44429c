import { type CompileMode, MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../tensorflow/binding.js";
import type { NodeBackend } from "../tensorflow/kernels.js";
import type { Capture } from "./trace.js";
import type { TracedFunction } from "./traceFunction.js";

/** A function of the engine, ready to be executed. */
export interface Executable {
  readonly traced: TracedFunction;
  /** The engine's name of it. */
  readonly functionName: string;
  readonly mode: CompileMode;
  /** The user's name of it, for messages. */
  readonly name: string;
}

/**
 * Executes a traced function as one operation of the eager backend, which must be active.
 *
 * @param tensors the arguments' tensors, in the order of the signature
 * @returns what the function that was traced would return
 * @throws MetaError `BAD_OPTION` when a tensor is disposed; `BAD_DATA` for an index out of range
 */
export function execute(
  binding: NativeBinding,
  { traced, functionName, mode, name }: Executable,
  tensors: readonly tf.Tensor[],
): unknown {
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
  const xla = { name: "_XlaMustCompile", type: binding.TF_ATTR_BOOL, value: true };
  const outputs = binding
    .executeOp(functionName, mode === "xla" ? [xla] : [], ids, traced.outputCount)
    .map((output) => backend.createOutputTensor(output));
  return traced.result(outputs, tensors);
}

/** The present data of a tensor from outside. */
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

/** XLA and GPUs take the nearest row, or zeros, for an index that does not exist. */
function requireIndices(name: string, indices: Int32Array, length: number): void {
  const wrong = indices.find((index) => index < 0 || index >= length);
  if (wrong === undefined) return;
  throw new MetaError("BAD_DATA", `${name}: gather: the index ${wrong} is not in [0, ${length}).`);
}
