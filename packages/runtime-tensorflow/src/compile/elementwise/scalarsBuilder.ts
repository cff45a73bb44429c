import type { ElementwiseProgram } from "../../binding/elementwiseProgram.js";
import { type Code, encoded } from "./instructions.js";

/** Collects the part of a program that computes with scalars. */
export class ScalarsBuilder {
  readonly #scalars: number[] = [];
  readonly #inputs: number[] = [];
  readonly #before: number[] = [];
  readonly #after: number[] = [];
  readonly #outputs: number[] = [];

  /** Adds a slot. */
  slot(initial = 0): number {
    return this.#scalars.push(initial) - 1;
  }

  constant(value: number): number {
    return this.slot(value);
  }

  input(input: number): number {
    const slot = this.slot();
    this.#inputs.push(input, slot);
    return slot;
  }

  /** Adds an instruction. @param isLate true if it must run after the kernels */
  compute(code: Code, operands: readonly number[], isLate: boolean): number {
    const slot = this.slot();
    (isLate ? this.#after : this.#before).push(...encoded(code, slot, operands));
    return slot;
  }

  /** Makes a slot an output. @returns its index among the scalar outputs */
  output(slot: number): number {
    return this.#outputs.push(slot) - 1;
  }

  build(): Pick<
    ElementwiseProgram,
    "scalars" | "scalarInputs" | "before" | "after" | "scalarOutputs"
  > {
    return {
      scalars: Float32Array.from(this.#scalars),
      scalarInputs: Int32Array.from(this.#inputs),
      before: Int32Array.from(this.#before),
      after: Int32Array.from(this.#after),
      scalarOutputs: Int32Array.from(this.#outputs),
    };
  }
}
