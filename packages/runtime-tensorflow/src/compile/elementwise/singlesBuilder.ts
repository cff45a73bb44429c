import type { ElementwiseProgram } from "../../binding/elementwiseProgram.js";
import { type Code, encoded } from "./instructions.js";

/** The part of a program that computes with single numbers. */
export class SinglesBuilder {
  readonly #singles: number[] = [];
  readonly #inputs: number[] = [];
  readonly #before: number[] = [];
  readonly #after: number[] = [];
  readonly #outputs: number[] = [];

  /** A new place. */
  place(initial = 0): number {
    return this.#singles.push(initial) - 1;
  }

  constant(value: number): number {
    return this.place(value);
  }

  input(input: number): number {
    const place = this.place();
    this.#inputs.push(input, place);
    return place;
  }

  /** @param isLate whether it has to wait for the lanes */
  compute(code: Code, operands: readonly number[], isLate: boolean): number {
    const place = this.place();
    (isLate ? this.#after : this.#before).push(...encoded(code, place, operands));
    return place;
  }

  /** @returns its number among the single outputs */
  output(place: number): number {
    return this.#outputs.push(place) - 1;
  }

  build(): Pick<
    ElementwiseProgram,
    "singles" | "singleInputs" | "before" | "after" | "singleOutputs"
  > {
    return {
      singles: Float32Array.from(this.#singles),
      singleInputs: Int32Array.from(this.#inputs),
      before: Int32Array.from(this.#before),
      after: Int32Array.from(this.#after),
      singleOutputs: Int32Array.from(this.#outputs),
    };
  }
}
