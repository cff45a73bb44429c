/**
 * A function that treats every element alike, as the addon takes it. Scalars have slots of the program;
 * tensors go through kernels.
 */
export interface ElementwiseProgram {
  /** The number in each slot: constants, and 0 where one is computed. */
  readonly scalars: Float32Array;
  /** Pairs: an input of the program, and the slot of its only number. */
  readonly scalarInputs: Int32Array;
  /** Instructions on scalars that run before the kernels, five numbers each: code, target and three operands. */
  readonly before: Int32Array;
  readonly kernels: readonly Kernel[];
  /** Instructions on scalars that need the sums of kernels. */
  readonly after: Int32Array;
  /** Slots of the scalars that are outputs, which come after the outputs of the kernels. */
  readonly scalarOutputs: Int32Array;
  /** Inputs of the program. */
  readonly inputs: number;
  /** Threads to run on. */
  readonly threads: number;
}

/** Instructions that tensors of one size go through together, element by element. */
export interface Kernel {
  readonly size: number;
  /** The program's inputs that it reads, which are in its first registers. */
  readonly inputs: Int32Array;
  /** Number of registers, inputs included. */
  readonly registers: number;
  /** As `before`, on registers; an operand below 0 is the scalar in the slot `-1 - operand`. */
  readonly instructions: Int32Array;
  /** Pairs: a register, and the slot of the sum over all its elements. */
  readonly sums: Int32Array;
  readonly outputs: readonly { readonly register: number; readonly shape: readonly number[] }[];
}
