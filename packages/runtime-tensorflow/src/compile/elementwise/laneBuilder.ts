import type { Lane } from "../../binding/elementwiseProgram.js";
import { type Code, encoded } from "./instructions.js";

/** A value of a lane. Its number counts from 0 in the lane that it was made in. */
export interface Block {
  readonly lane: LaneBuilder;
  readonly block: number;
}

/** A value that is computed. Operands below 0 are single numbers. */
interface Computation {
  readonly code: Code;
  readonly operands: readonly number[];
}

/** How a value comes about. */
type Origin = { readonly input: number } | Computation;

/** Collects what tensors of one size go through; lanes that meet become one. */
export class LaneBuilder {
  readonly size: number;
  readonly #origins: Origin[] = [];
  readonly #sums: (readonly [block: number, place: number])[] = [];
  readonly #outputs: { block: number; shape: readonly number[] }[] = [];
  /** The lane that has absorbed this one, and how much its values' numbers grew. */
  #absorbed: { readonly by: LaneBuilder; readonly shift: number } | undefined;

  constructor(size: number) {
    this.size = size;
  }

  get isRoot(): boolean {
    return this.#absorbed === undefined;
  }

  get root(): LaneBuilder {
    return this.#absorbed?.by.root ?? this;
  }

  get isUsed(): boolean {
    return this.#outputs.length + this.#sums.length > 0;
  }

  get outputCount(): number {
    return this.#outputs.length;
  }

  input(input: number): Block {
    return { lane: this, block: this.#origins.push({ input }) - 1 };
  }

  add(code: Code, operands: readonly number[]): number {
    return this.#origins.push({ code, operands }) - 1;
  }

  sum(block: number, place: number): void {
    this.#sums.push([block, place]);
  }

  /** @returns its number among the lane's outputs */
  store(block: number, shape: readonly number[]): number {
    // Memory that an output takes over must not be read for another.
    const own = "input" in (this.#origins[block] as Origin) ? this.add("copy", [block]) : block;
    return this.#outputs.push({ block: own, shape }) - 1;
  }

  /** Takes over all values of another lane, whose outputs are not chosen yet. */
  absorb(other: LaneBuilder): void {
    if (other === this) return;
    const shift = this.#origins.length;
    const moved = (operand: number) => (operand < 0 ? operand : operand + shift);
    for (const origin of other.#origins) {
      this.#origins.push(
        "input" in origin ? origin : { ...origin, operands: origin.operands.map(moved) },
      );
    }
    for (const [block, place] of other.#sums) this.#sums.push([moved(block), place]);
    other.#absorbed = { by: this, shift };
  }

  /** Where a value of this lane is now. */
  find(block: number): Block {
    return this.#absorbed
      ? this.#absorbed.by.find(block + this.#absorbed.shift)
      : { lane: this, block };
  }

  build(): Lane {
    const values = this.#joinProducts();
    const inputs = this.#origins.flatMap((origin) => ("input" in origin ? [origin.input] : []));
    const blocks = this.#assignBlocks(values, inputs.length);
    const at = (operand: number) => (operand < 0 ? operand : (blocks.of.get(operand) as number));
    return {
      size: this.size,
      inputs: Int32Array.from(inputs),
      blocks: blocks.count,
      instructions: Int32Array.from(
        [...values].flatMap(([value, { code, operands }]) =>
          encoded(code, at(value), operands.map(at)),
        ),
      ),
      sums: Int32Array.from(this.#sums.flatMap(([block, place]) => [at(block), place])),
      outputs: this.#outputs.map(({ block, shape }) => ({ block: at(block), shape: [...shape] })),
    };
  }

  /** Values that are computed, where a product that only one sum needs is part of that sum. */
  #joinProducts(): Map<number, Computation> {
    const values = new Map<number, Computation>();
    this.#origins.forEach((origin, value) => {
      if (!("input" in origin)) values.set(value, origin);
    });
    const uses = new Map<number, number>();
    const used = [
      ...[...values.values()].flatMap(({ operands }) => operands),
      ...this.#outputs.map(({ block }) => block),
      ...this.#sums.map(([block]) => block),
    ];
    for (const value of used) uses.set(value, (uses.get(value) ?? 0) + 1);

    for (const [value, { code, operands }] of values) {
      if (code !== "add") continue;
      const isProduct = (operand: number) =>
        values.get(operand)?.code === "mul" && uses.get(operand) === 1;
      const product = operands.find(isProduct);
      if (product === undefined) continue;
      const [left, right] = (values.get(product) as Computation).operands as [number, number];
      const factors = left < 0 ? [right, left] : [left, right]; // a block comes first
      const other = operands[operands[0] === product ? 1 : 0] as number;
      values.delete(product);
      values.set(value, { code: "mulAdd", operands: [...factors, other] });
    }
    return values;
  }

  /** Gives every value a block, and its block to another value after its last use. */
  #assignBlocks(values: ReadonlyMap<number, Computation>, inputCount: number) {
    const lastUse = new Map<number, number>();
    for (const [value, { operands }] of values) {
      for (const operand of operands) lastUse.set(operand, value);
    }
    for (const { block } of this.#outputs) lastUse.set(block, Number.POSITIVE_INFINITY);
    for (const [block] of this.#sums) lastUse.set(block, Number.POSITIVE_INFINITY);

    const of = new Map<number, number>();
    this.#origins.forEach((origin, value) => {
      if ("input" in origin) of.set(value, of.size);
    });
    const free: number[] = [];
    let count = inputCount;
    for (const [value, { operands }] of values) {
      for (const operand of new Set(operands)) {
        const block = of.get(operand);
        if (values.has(operand) && lastUse.get(operand) === value) free.push(block as number);
      }
      of.set(value, free.pop() ?? count++);
    }
    return { of, count };
  }
}

/** Where a value is now. */
export function laneOf({ lane, block }: Block): Block {
  return lane.find(block);
}
