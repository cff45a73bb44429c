import type { Launcher } from "../contracts/launcher.js";
import type { Learner } from "../contracts/learner.js";
import type { Model, ModelAdapter } from "../contracts/model.js";
import type { MetaOptimizer } from "../contracts/optimizer.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { TaskSource } from "../contracts/task.js";
import type { Tracker } from "../contracts/tracker.js";

/** Types of the components that a plugin can provide, by the config key that names them. */
export interface Components {
  runtime: TensorRuntime;
  model: Model;
  adapter: ModelAdapter;
  tasks: TaskSource;
  learner: Learner;
  optimizer: MetaOptimizer;
  tracker: Tracker;
  launcher: Launcher;
}

/** A kind of component: a key of the config. */
export type Kind = keyof Components;

/** Required functions of the components of each kind. An adapter is itself a function. */
const functions: Readonly<Record<Exclude<Kind, "adapter">, readonly string[]>> = {
  runtime: ["compile", "memory", "dispose"],
  model: ["init", "loss"],
  tasks: ["sampler"],
  learner: ["adapt", "metaGradient"],
  optimizer: ["init", "coefficients", "apply", "adjoint", "update"],
  tracker: ["log", "close"],
  launcher: ["launch"],
};

/** True if a value is a built component of a kind, judged by its functions. */
export function isComponent(kind: Kind, value: unknown): boolean {
  if (kind === "adapter") return typeof value === "function";
  if (typeof value !== "object" || value === null) return false;
  return functions[kind].every(
    (name) => typeof (value as Record<string, unknown>)[name] === "function",
  );
}

/** Noun for the components of each kind, with an example in a config and in code. */
const examples: Readonly<Record<Kind, readonly [noun: string, config: string, code: string]>> = {
  runtime: ["a runtime", "{ use: tensorflow }", "await tensorflow()"],
  model: ["a model", "{ use: gpt2, size: gpt2 }", "gpt2({ ... })"],
  adapter: ["an adapter", "{ use: lora, rank: 8 }", "(model) => lora(model, { ... })"],
  tasks: ["tasks", "{ use: sinusoid }", "sinusoid()"],
  learner: ["a learner", "{ use: maml, innerSteps: 5 }", "maml({ ... })"],
  optimizer: ["an optimizer", "{ use: sgd, learningRate: 0.01 }", "sgd({ learningRate: 0.01 })"],
  tracker: ["a tracker", "{ use: tensorboard }", "tensorboard()"],
  launcher: ["a launcher", "{ use: local }", "local()"],
};

/** Describes a kind of component for messages: `an optimizer, e.g. { use: sgd, learningRate: 0.01 }`. */
export function describeKind(kind: Kind, where: "code" | "config"): string {
  const [noun, config, code] = examples[kind];
  return `${noun}, e.g. ${where === "code" ? code : config}`;
}
