import { type CompileMode, type CompileOptions, MetaError, type Precision } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../tensorflow/binding.js";
import { type ElementwisePlan, planElementwise } from "./elementwise/planElementwise.js";
import type { GraphBackend } from "./graphBackend.js";
import { modeFor } from "./mode.js";
import { record } from "./recording.js";
import { rebuilder, replaceTensors, type Signature } from "./structure.js";
import { type Capture, type IndexInput, openTrace, type Trace } from "./trace.js";

/** A function of the engine and how it is called. */
export interface TracedFunction {
  /** Inputs after the arguments. */
  readonly captures: readonly Capture[];
  readonly indexInputs: readonly IndexInput[];
  readonly outputCount: number;
  /** Arguments' tensors, by number, that the function returns as they are. */
  readonly returned: ReadonlySet<number>;
  readonly precision: Precision;
  readonly operations: number;
  readonly mode: CompileMode;
  /** What runs instead of a function of the engine, in the mode of that name. */
  readonly elementwise?: NativeElementwise;
  /** What the function returns, of the tensors that the engine returned and those that were passed. */
  result(outputs: readonly tf.Tensor[], passed: readonly tf.Tensor[]): unknown;
}

/** A program of the addon. */
export interface NativeElementwise extends Pick<ElementwisePlan, "order"> {
  readonly program: unknown;
}

/** What is traced, and how. */
export interface TraceRequest {
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly signature: Signature;
  /** For messages. */
  readonly name: string;
  /** The name of the engine's new function. */
  readonly functionName: string;
  readonly precision: Precision;
  readonly mode: Exclude<CompileOptions["mode"], "eager" | undefined>;
  /** For what is done element by element. None where that does not run: on a GPU. */
  readonly threads?: number | undefined;
}

/**
 * Runs a function once to record its operations, and makes a function of the engine of them.
 *
 * @throws MetaError `NOT_COMPILABLE`, and whatever `fn` throws
 */
export function traceFunction(
  binding: NativeBinding,
  backend: GraphBackend,
  { fn, args, signature, name, functionName, precision, mode, threads }: TraceRequest,
): TracedFunction {
  binding.openGraph();
  try {
    const trace = openTrace(binding, {
      name,
      precision,
      typeNumber: (dtype) => backend.getDTypeInteger(dtype),
    });
    return record(backend, trace, () => {
      const places = new Map<tf.Tensor, tf.Tensor>();
      for (const tensor of signature.tensors) {
        const input = trace.addInput(tensor.shape, tensor.dtype);
        places.set(tensor, backend.createOutputTensor(input));
      }
      const returned = fn(...replaceTensors(args, (tensor) => places.get(tensor) as tf.Tensor));
      if (returned instanceof Promise) returned.catch(() => {}); // it is refused below
      const outputs = new Set<tf.Tensor>();
      const passedOn = new Set<number>();
      const result = resultPlan(returned, [...places.values()], { outputs, passedOn });
      const outputIds = distinctIds(trace, backend.getInputTensorIds([...outputs]));
      const outputElements = outputIds.reduce(
        (sum, id) => sum + tf.util.sizeFromShape([...trace.builder.output(id).shape]),
        0,
      );
      const { builder, inputs, captures, indexInputs, precision } = trace;
      const plan =
        threads === undefined
          ? undefined
          : planElementwise({ builder, types: binding, inputs, outputs: outputIds, threads });
      const chosen = modeFor(mode, {
        name,
        precision,
        outputElements,
        operations: builder.size,
        isElementwise: plan !== undefined,
      });
      const elementwise =
        chosen === "elementwise" && plan
          ? { program: binding.createElementwise(plan.program), order: plan.order }
          : undefined;
      if (!elementwise) binding.addFunction(functionName, inputs, outputIds);
      return {
        captures,
        indexInputs,
        outputCount: outputIds.length,
        returned: passedOn,
        precision,
        operations: builder.size,
        mode: chosen,
        ...(elementwise && { elementwise }),
        result,
      };
    });
  } finally {
    binding.closeGraph();
  }
}

/**
 * How to build what was returned. A tensor that was passed is returned itself, and so is one from
 * outside; what is repeated is repeated.
 *
 * @param found takes the tensors that have to be computed, and the numbers of those that are passed on
 */
function resultPlan(
  returned: unknown,
  passed: readonly tf.Tensor[],
  { outputs, passedOn }: { outputs: Set<tf.Tensor>; passedOn: Set<number> },
): TracedFunction["result"] {
  type Context = [outputs: readonly tf.Tensor[], passed: readonly tf.Tensor[]];
  return rebuilder<Context>(returned, (tensor) => {
    const argument = passed.indexOf(tensor);
    if (argument >= 0) {
      passedOn.add(argument);
      return (_, args) => args[argument] as tf.Tensor;
    }
    if (tensor.isDisposed) {
      throw new MetaError("BAD_OPTION", "A compiled function returned a tensor that is disposed.");
    }
    const owner = tf.engine().state.tensorInfo.get(tensor.dataId)?.backend;
    if (owner !== tf.backend()) return () => tensor;
    const output = outputs.add(tensor) && [...outputs].indexOf(tensor);
    return (computed) => computed[output] as tf.Tensor;
  });
}

/** Outputs of a function must differ from each other and from its inputs. */
function distinctIds(trace: Trace, ids: readonly number[]): number[] {
  const used = new Set(trace.inputs);
  return ids.map((id) => {
    const isFree = !used.has(id);
    const own = isFree ? id : (trace.builder.operation("Identity", [], [id], 1)[0]?.id as number);
    used.add(own);
    return own;
  });
}
