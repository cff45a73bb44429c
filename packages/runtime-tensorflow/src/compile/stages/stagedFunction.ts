import { MetaError, type OpenStages, type Stages } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { graphBackendName } from "../../binding/backendNames.js";
import { announced, bySignature, type CompiledFunction, compilationOf } from "../bySignature.js";
import type { CompiledFunctionOptions } from "../compiledFunction.js";
import { type Executable, execute } from "../execute.js";
import type { GraphBackend } from "../graphBackend.js";
import { signatureOf } from "../structure.js";
import { type EarlyResult, traceStages } from "./traceStages.js";

/** A function that is compiled in two stages. */
export type StagedCallable = (...args: readonly unknown[]) => Stages<unknown, unknown, unknown>;

/** Both stages, ready to be executed. */
interface StagedExecutable extends Executable {
  readonly late: Executable;
  /** {@link signatureOf} the late argument. */
  readonly lateKey: string;
  lateRuns: number;
  isRemoved: boolean;
}

/** See `TensorRuntime.compileStages`. */
export function stagedFunction(
  fn: StagedCallable,
  lateLike: (...args: readonly unknown[]) => unknown,
  { binding, mode, options, listener }: Omit<CompiledFunctionOptions, "threads">,
): CompiledFunction {
  const { name = fn.name || "function", precision, signatures } = options;
  const nothing: ReadonlySet<tf.Tensor> = new Set();

  function finish(
    compiled: StagedExecutable,
    earlier: readonly tf.Tensor[],
    kept: readonly tf.Tensor[],
    late: unknown,
  ): unknown {
    const { key, tensors } = signatureOf(name, [late]);
    if (key !== compiled.lateKey) {
      throw new MetaError(
        "BAD_OPTION",
        `${name}: the late argument must have the form ${compiled.lateKey}, but has ${key}.`,
      );
    }
    if (compiled.isRemoved) {
      throw new MetaError(
        "BAD_OPTION",
        `${name}: too many other shapes were compiled between its two stages. Finish one before the next, or raise signatures above ${signatures}.`,
      );
    }
    const run = () => execute(binding, compiled.late, [...earlier, ...tensors, ...kept], nothing);
    if (compiled.lateRuns++ > 0) return run();
    const facts = { name: `${name}, late stage`, shapes: 1, traceMs: 0 };
    return announced(listener, compilationOf(compiled.late.traced, facts), run);
  }

  return bySignature<StagedExecutable>({
    name,
    signatures,
    listener,
    fn: (...args) => ({ ...fn(...args), dispose() {} }),
    trace(args, signature, functionName) {
      const lateArgs = [lateLike(...args)];
      const lateSignature = signatureOf(name, lateArgs);
      const functionNames = { early: functionName, late: `${functionName}_late` };
      const { early, late } = traceStages(
        binding,
        tf.findBackend(graphBackendName) as GraphBackend,
        {
          fn,
          args,
          signature,
          late: { args: lateArgs, signature: lateSignature },
          name,
          functionNames,
          precision,
          mode,
        },
      );
      return {
        traced: early,
        functionName,
        name,
        late: { traced: late, functionName: functionNames.late, name },
        lateKey: lateSignature.key,
        lateRuns: 0,
        isRemoved: false,
      };
    },
    run(compiled, _, { tensors }): OpenStages<unknown, unknown, unknown> {
      const { early, kept } = execute(binding, compiled, tensors, nothing) as EarlyResult;
      return {
        early,
        finish: (late) => finish(compiled, tensors, kept, late),
        dispose: () => tf.dispose([...kept]),
      };
    },
    remove(compiled) {
      compiled.isRemoved = true;
      for (const { functionName } of [compiled, compiled.late])
        binding.removeFunction(functionName);
    },
  });
}
