import * as tf from "@tensorflow/tfjs";
import { elementwise } from "./elementwise.js";
import { images } from "./images.js";
import type { Operation } from "./operation.js";
import { others, spectral } from "./others.js";
import { products } from "./products.js";
import { rearranging } from "./rearranging.js";
import { reductions } from "./reductions.js";

/** Every operation of TensorFlow.js by its name in the public namespace. */
export const operations: Readonly<Record<string, Operation>> = {
  ...elementwise,
  ...reductions,
  ...products,
  ...images,
  ...rearranging,
  ...others,
  ...spectral,
};

/** The names of all operations that the library exports: their functions are called `name__op`. */
export function exportedOperations(): string[] {
  const isOperation = (value: unknown) => typeof value === "function" && /__op$/.test(value.name);
  const namesIn = (space: object, prefix: string) =>
    Object.entries(space).flatMap(([name, value]) => (isOperation(value) ? [prefix + name] : []));
  const spaces = Object.entries(tf).filter(
    ([name, value]) => name !== "default" && typeof value === "object" && value !== null,
  );
  return [
    ...namesIn(tf, ""),
    ...spaces.flatMap(([name, space]) => namesIn(space as object, `${name}.`)),
  ].sort();
}
