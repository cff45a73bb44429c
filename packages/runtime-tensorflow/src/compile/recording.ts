import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { graphBackendName } from "../binding/backendNames.js";
import type { GraphBackend } from "./graphBackend.js";
import { userLine } from "./sourceLine.js";
import type { Trace } from "./trace.js";

/** The parts of TensorFlow.js's engine that are used here but declared private. */
interface Engine {
  readonly state: {
    gradientDepth: number;
    kernelDepth: number;
    activeTape: unknown;
    profiling: boolean;
  };
  trackTensor(tensor: tf.Tensor, backend: tf.KernelBackend): void;
  makeVariable(...parameters: unknown[]): tf.Variable;
}

/**
 * Runs `body` with the graph backend active, and restores the state of TensorFlow.js afterwards, also after an error:
 * its backend, its tape and depths (the caller may be inside a gradient), and its count of tensors.
 */
export function record<T>(backend: GraphBackend, trace: Trace, body: () => T): T {
  const engine = tf.engine() as unknown as Engine;
  const { gradientDepth, kernelDepth, activeTape, profiling } = engine.state;
  const eagerBackendName = tf.getBackend();
  const made: tf.Tensor[] = [];
  const restoreHooks = hook(engine, trace, made);
  Object.assign(engine.state, { gradientDepth: 0, kernelDepth: 0, profiling: false });
  backend.begin(trace);
  void tf.setBackend(graphBackendName); // takes effect at once: it is registered and needs no loading
  try {
    let result: { readonly value: T } | undefined;
    tf.tidy(() => {
      result = { value: body() };
    });
    return (result as unknown as { readonly value: T }).value;
  } finally {
    restoreHooks();
    // tidy leaves those that were kept: by the function, or by a tape that an error cut short.
    for (const tensor of made) if (!tensor.isDisposed) tensor.dispose();
    void tf.setBackend(eagerBackendName);
    backend.end();
    Object.assign(engine.state, { gradientDepth, kernelDepth, activeTape, profiling });
  }
}

/** Collects created tensors, and refuses changes to variables, which would not be recorded. */
function hook(engine: Engine, { name }: Trace, made: tf.Tensor[]): () => void {
  const { trackTensor, makeVariable } = engine;
  const { assign } = tf.Variable.prototype;
  const refuse = (what: string) => (): never => {
    throw new MetaError(
      "NOT_COMPILABLE",
      `${name}: a variable is ${what}${userLine()}, which a compiled function cannot do. ` +
        "Return the new value and assign it outside.",
    );
  };
  engine.trackTensor = (tensor, owner) => {
    made.push(tensor);
    trackTensor.call(engine, tensor, owner);
  };
  engine.makeVariable = refuse("created");
  tf.Variable.prototype.assign = refuse("assigned");
  return () => {
    Object.assign(engine, { trackTensor, makeVariable });
    tf.Variable.prototype.assign = assign;
  };
}
