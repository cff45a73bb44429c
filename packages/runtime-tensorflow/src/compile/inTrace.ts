import type { Precision } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../binding/binding.js";
import type { GraphBackend } from "./graphBackend.js";
import { record } from "./recording.js";
import { replaceTensors, type Signature } from "./structure.js";
import { openTrace, type Trace } from "./trace.js";

/** Arguments whose tensors are replaced by inputs of a graph. */
interface Placed<A> {
  readonly args: A;
  /** The inputs, in the order of the signature. */
  readonly tensors: readonly tf.Tensor[];
}

/** Adds inputs to a graph for the tensors of arguments. */
export type Place = <A extends readonly unknown[]>(args: A, signature: Signature) => Placed<A>;

/** Opens a graph, records into it what `body` computes, and closes it. */
export function inTrace<T>(
  binding: NativeBinding,
  backend: GraphBackend,
  { name, precision }: { readonly name: string; readonly precision: Precision },
  body: (trace: Trace, place: Place) => T,
): T {
  binding.openGraph();
  try {
    const trace = openTrace(binding, {
      name,
      precision,
      typeNumber: (dtype) => backend.getDTypeInteger(dtype),
    });
    const place: Place = (args, signature) => {
      const places = new Map<tf.Tensor, tf.Tensor>();
      for (const tensor of signature.tensors) {
        const input = trace.addInput(tensor.shape, tensor.dtype);
        places.set(tensor, backend.createOutputTensor(input));
      }
      return {
        args: replaceTensors(args, (tensor) => places.get(tensor) as tf.Tensor),
        tensors: [...places.values()],
      };
    };
    return record(backend, trace, () => body(trace, place));
  } finally {
    binding.closeGraph();
  }
}
