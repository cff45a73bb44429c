/**
 * An elementwise function in the addon's format. Scalars are in slots of the program; tensors are computed by kernels.
 */
export interface ElementwiseProgram {
  /** Initial value of each slot: a constant, or 0 for a computed scalar. */
  readonly scalars: Float32Array;
  /** Pairs: an input of the program with one element, and its slot. */
  readonly scalarInputs: Int32Array;
  /** Instructions on scalars that run before the kernels, five numbers each: code, target and three operands. */
  readonly before: Int32Array;
  readonly kernels: readonly Kernel[];
  /** Instructions on scalars that run after the kernels, because they need their sums. */
  readonly after: Int32Array;
  /** Slots of scalar outputs, which follow the outputs of the kernels. */
  readonly scalarOutputs: Int32Array;
  /** Number of inputs of the program. */
  readonly inputs: number;
  /** Number of threads. */
  readonly threads: number;
}

/** A loop over tensors of one size that executes its instructions element by element. */
export interface Kernel {
  readonly size: number;
  /** Inputs of the program that it reads; they are in its first registers. */
  readonly inputs: Int32Array;
  /** Number of registers, inputs included. */
  readonly registers: number;
  /** Instructions on registers, coded as in `before`; an operand below 0 is the scalar in slot `-1 - operand`. */
  readonly instructions: Int32Array;
  /** Pairs: a register, and the slot for the sum of its values over all elements. */
  readonly sums: Int32Array;
  readonly outputs: readonly { readonly register: number; readonly shape: readonly number[] }[];
}
