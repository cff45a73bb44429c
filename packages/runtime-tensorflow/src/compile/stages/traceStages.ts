import type { Stages } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../../binding/binding.js";
import type { GraphBackend } from "../graphBackend.js";
import { inTrace } from "../inTrace.js";
import { modeFor } from "../mode.js";
import { distinctIds, resultOf } from "../results.js";
import type { Signature } from "../structure.js";
import type { TracedFunction, TraceRequest } from "../traceFunction.js";
import { keptBetweenStages } from "./partition.js";

/** Both stages of a function. */
export interface TracedStages {
  /** Function of the arguments; returns an {@link EarlyResult}. */
  readonly early: TracedFunction;
  /** Function of the arguments' tensors, then those of the late argument, then the kept ones. */
  readonly late: TracedFunction;
}

/** Result of the early stage. */
export interface EarlyResult {
  readonly early: unknown;
  /** Intermediate results that the late stage needs. */
  readonly kept: readonly tf.Tensor[];
}

/** Function to trace in two stages, and options. */
export interface TraceStagesRequest
  extends Pick<TraceRequest, "args" | "signature" | "name" | "precision" | "mode"> {
  readonly fn: (...args: readonly unknown[]) => Stages<unknown, unknown, unknown>;
  readonly late: { readonly args: readonly unknown[]; readonly signature: Signature };
  /** The names of the engine's new functions. */
  readonly functionNames: { readonly early: string; readonly late: string };
}

/**
 * Runs both stages of a function once to record their operations, and makes two functions of the engine: one of the
 * operations that do not depend on the late argument, and one of the rest.
 *
 * @throws MetaError `NOT_COMPILABLE`; the errors of `fn`
 */
export function traceStages(
  binding: NativeBinding,
  backend: GraphBackend,
  { fn, args, signature, late, name, functionNames, precision, mode }: TraceStagesRequest,
): TracedStages {
  return inTrace(binding, backend, { name, precision }, (trace, place) => {
    const placed = place(args, signature);
    const placedLate = place(late.args, late.signature);
    const stages = fn(...placed.args);
    const earlyResult = resultOf(stages.early, placed.tensors);
    const lateResult = resultOf(stages.finish(placedLate.args[0]), [
      ...placed.tensors,
      ...placedLate.tensors,
    ]);

    const { builder, captures, indexInputs, precision } = trace;
    const argumentIds = backend.getInputTensorIds(placed.tensors);
    const lateIds = backend.getInputTensorIds(placedLate.tensors);
    const captureIds = trace.inputs.slice(argumentIds.length + lateIds.length);
    const earlyOutputs = backend.getInputTensorIds(earlyResult.outputs);
    const lateOutputs = backend.getInputTensorIds(lateResult.outputs);
    const chosen = modeFor(mode, {
      name,
      precision,
      outputElements: builder.elements([...earlyOutputs, ...lateOutputs]),
      operations: builder.size,
      isElementwise: false,
    });
    const graph = { builder, earlyInputs: [...argumentIds, ...captureIds], lateInputs: lateIds };
    const kept = keptBetweenStages({ ...graph, lateOutputs, mode: chosen });

    const add = (functionName: string, inputs: readonly number[], outputs: readonly number[]) => {
      const outputIds = distinctIds(trace, outputs, inputs);
      const body = builder.needed(outputIds, new Set(inputs));
      binding.addFunction(functionName, inputs, outputIds, body);
      // An index is a number of an input of the trace.
      const indices = indexInputs.flatMap(({ input, length }) => {
        const place = inputs.indexOf(trace.inputs[input] as number);
        return place < 0 ? [] : [{ input: place, length }];
      });
      return {
        captures,
        indexInputs: indices,
        outputCount: outputIds.length,
        precision,
        operations: body.length,
        mode: chosen,
      };
    };
    const earlyCount = earlyOutputs.length;
    return {
      early: {
        ...add(functionNames.early, graph.earlyInputs, [...earlyOutputs, ...kept]),
        returned: earlyResult.passedOn,
        result: (outputs, passed): EarlyResult => ({
          early: earlyResult.result(outputs.slice(0, earlyCount), passed),
          kept: outputs.slice(earlyCount),
        }),
      },
      late: {
        ...add(
          functionNames.late,
          [...argumentIds, ...lateIds, ...kept, ...captureIds],
          lateOutputs,
        ),
        returned: lateResult.passedOn,
        result: lateResult.result,
      },
    };
  });
}
