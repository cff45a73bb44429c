import type { Kernel } from "../../binding/elementwiseProgram.js";
import { type Code, encoded } from "./instructions.js";

/** A tensor that a kernel reads or computes. Values are numbered from 0 in the kernel that created them. */
export interface KernelValue {
  readonly kernel: KernelBuilder;
  readonly value: number;
}

/** A computed value. An operand below 0 is the scalar in slot `-1 - operand`. */
interface Computation {
  readonly code: Code;
  readonly operands: readonly number[];
}

/** Origin of a value: an input or a computation. */
type Origin = { readonly input: number } | Computation;

/** Collects the instructions for tensors of one size; kernels whose values meet in an instruction are merged. */
export class KernelBuilder {
  readonly size: number;
  readonly #origins: Origin[] = [];
  readonly #sums: (readonly [value: number, slot: number])[] = [];
  readonly #outputs: { value: number; shape: readonly number[] }[] = [];
  /** The kernel that has absorbed this one, and the offset of its values there. */
  #absorbed: { readonly by: KernelBuilder; readonly shift: number } | undefined;

  constructor(size: number) {
    this.size = size;
  }

  get isRoot(): boolean {
    return this.#absorbed === undefined;
  }

  get root(): KernelBuilder {
    return this.#absorbed?.by.root ?? this;
  }

  get isUsed(): boolean {
    return this.#outputs.length + this.#sums.length > 0;
  }

  get outputCount(): number {
    return this.#outputs.length;
  }

  input(input: number): KernelValue {
    return { kernel: this, value: this.#origins.push({ input }) - 1 };
  }

  add(code: Code, operands: readonly number[]): number {
    return this.#origins.push({ code, operands }) - 1;
  }

  sum(value: number, slot: number): void {
    this.#sums.push([value, slot]);
  }

  /** Makes a value an output. @returns its index among the kernel's outputs */
  store(value: number, shape: readonly number[]): number {
    // Memory that an output takes over must not be read for another.
    const own = "input" in (this.#origins[value] as Origin) ? this.add("copy", [value]) : value;
    return this.#outputs.push({ value: own, shape }) - 1;
  }

  /** Takes over all values of another kernel that has no outputs yet. */
  absorb(other: KernelBuilder): void {
    if (other === this) return;
    const shift = this.#origins.length;
    const moved = (operand: number) => (operand < 0 ? operand : operand + shift);
    for (const origin of other.#origins) {
      this.#origins.push(
        "input" in origin ? origin : { ...origin, operands: origin.operands.map(moved) },
      );
    }
    for (const [value, slot] of other.#sums) this.#sums.push([moved(value), slot]);
    other.#absorbed = { by: this, shift };
  }

  /** Returns the place of a value in the kernel that has absorbed this one. */
  find(value: number): KernelValue {
    return this.#absorbed
      ? this.#absorbed.by.find(value + this.#absorbed.shift)
      : { kernel: this, value };
  }

  build(): Kernel {
    const values = this.#joinProducts();
    const inputs = this.#origins.flatMap((origin) => ("input" in origin ? [origin.input] : []));
    const registers = this.#assignRegisters(values, inputs.length);
    const at = (operand: number) => (operand < 0 ? operand : (registers.of.get(operand) as number));
    return {
      size: this.size,
      inputs: Int32Array.from(inputs),
      registers: registers.count,
      instructions: Int32Array.from(
        [...values].flatMap(([value, { code, operands }]) =>
          encoded(code, at(value), operands.map(at)),
        ),
      ),
      sums: Int32Array.from(this.#sums.flatMap(([value, slot]) => [at(value), slot])),
      outputs: this.#outputs.map(({ value, shape }) => ({
        register: at(value),
        shape: [...shape],
      })),
    };
  }

  /** Returns computed values; a product that only one sum uses is fused into that sum. */
  #joinProducts(): Map<number, Computation> {
    const values = new Map<number, Computation>();
    this.#origins.forEach((origin, value) => {
      if (!("input" in origin)) values.set(value, origin);
    });
    const uses = new Map<number, number>();
    const used = [
      ...[...values.values()].flatMap(({ operands }) => operands),
      ...this.#outputs.map(({ value }) => value),
      ...this.#sums.map(([value]) => value),
    ];
    for (const value of used) uses.set(value, (uses.get(value) ?? 0) + 1);

    for (const [value, { code, operands }] of values) {
      if (code !== "add") continue;
      const isProduct = (operand: number) =>
        values.get(operand)?.code === "mul" && uses.get(operand) === 1;
      const product = operands.find(isProduct);
      if (product === undefined) continue;
      const [left, right] = (values.get(product) as Computation).operands as [number, number];
      const factors = left < 0 ? [right, left] : [left, right]; // a register comes first
      const other = operands[operands[0] === product ? 1 : 0] as number;
      values.delete(product);
      values.set(value, { code: "mulAdd", operands: [...factors, other] });
    }
    return values;
  }

  /** Assigns registers to values; a register is reused after the last use of its value. */
  #assignRegisters(values: ReadonlyMap<number, Computation>, inputCount: number) {
    const lastUse = new Map<number, number>();
    for (const [value, { operands }] of values) {
      for (const operand of operands) lastUse.set(operand, value);
    }
    for (const { value } of this.#outputs) lastUse.set(value, Number.POSITIVE_INFINITY);
    for (const [value] of this.#sums) lastUse.set(value, Number.POSITIVE_INFINITY);

    const of = new Map<number, number>();
    this.#origins.forEach((origin, value) => {
      if ("input" in origin) of.set(value, of.size);
    });
    const free: number[] = [];
    let count = inputCount;
    for (const [value, { operands }] of values) {
      for (const operand of new Set(operands)) {
        const register = of.get(operand);
        if (values.has(operand) && lastUse.get(operand) === value) free.push(register as number);
      }
      of.set(value, free.pop() ?? count++);
    }
    return { of, count };
  }
}

/** Returns the place of a value in the kernel that has absorbed its own. */
export function rootOf({ kernel, value }: KernelValue): KernelValue {
  return kernel.find(value);
}
