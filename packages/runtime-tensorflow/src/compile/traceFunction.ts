import type { CompileMode, CompileOptions, Precision } from "@metalearn/core";
import type { NativeBinding } from "../binding/binding.js";
import { type ElementwisePlan, planElementwise } from "./elementwise/planElementwise.js";
import type { GraphBackend } from "./graphBackend.js";
import { inTrace } from "./inTrace.js";
import { modeFor } from "./mode.js";
import { distinctIds, type ResultPlan, resultOf } from "./results.js";
import type { Signature } from "./structure.js";
import type { Capture, IndexInput } from "./trace.js";

/** A function of the engine, and the layout of its inputs and results. */
export interface TracedFunction {
  /** Inputs after the arguments. */
  readonly captures: readonly Capture[];
  readonly indexInputs: readonly IndexInput[];
  readonly outputCount: number;
  /** Indices of argument tensors that the function returns themselves. */
  readonly returned: ReadonlySet<number>;
  readonly precision: Precision;
  readonly operations: number;
  readonly mode: CompileMode;
  /** Compiled program that runs instead of an engine function, in the mode `elementwise`. */
  readonly elementwise?: NativeElementwise;
  readonly result: ResultPlan;
}

/** A program of the addon. */
export interface NativeElementwise extends Pick<ElementwisePlan, "order"> {
  readonly program: unknown;
}

/** Function to trace, and options. */
export interface TraceRequest {
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly signature: Signature;
  /** Name in messages. */
  readonly name: string;
  /** The name of the engine's new function. */
  readonly functionName: string;
  readonly precision: Precision;
  readonly mode: Exclude<CompileOptions["mode"], "eager" | undefined>;
  /** Number of threads for elementwise programs; absent on a GPU, where these do not run. */
  readonly threads?: number | undefined;
}

/**
 * Runs a function once to record its operations, and makes a function of the engine from these.
 *
 * @throws MetaError `NOT_COMPILABLE`; the errors of `fn`
 */
export function traceFunction(
  binding: NativeBinding,
  backend: GraphBackend,
  { fn, args, signature, name, functionName, precision, mode, threads }: TraceRequest,
): TracedFunction {
  return inTrace(binding, backend, { name, precision }, (trace, place) => {
    const placed = place(args, signature);
    const returned = fn(...placed.args);
    if (returned instanceof Promise) returned.catch(() => {}); // it is refused below
    const { passedOn, result, outputs } = resultOf(returned, placed.tensors);
    const { builder, inputs, captures, indexInputs, precision } = trace;
    const outputIds = distinctIds(trace, backend.getInputTensorIds(outputs), inputs);
    const plan =
      threads === undefined
        ? undefined
        : planElementwise({ builder, types: binding, inputs, outputs: outputIds, threads });
    const chosen = modeFor(mode, {
      name,
      precision,
      outputElements: builder.elements(outputIds),
      operations: builder.size,
      isElementwise: plan !== undefined,
    });
    const elementwise =
      chosen === "elementwise" && plan
        ? { program: binding.createElementwise(plan.program), order: plan.order }
        : undefined;
    if (!elementwise) {
      const body = builder.needed(outputIds, new Set(inputs));
      binding.addFunction(functionName, inputs, outputIds, body);
    }
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
}
