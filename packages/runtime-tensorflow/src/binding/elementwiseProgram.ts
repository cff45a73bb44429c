/**
 * A function that treats every element alike, as the addon takes it. Single numbers have places of
 * their own; tensors go through lanes.
 */
export interface ElementwiseProgram {
  /** The number at each place: constants, and 0 where one is computed. */
  readonly singles: Float32Array;
  /** Pairs: an input of the program, and the place of its only number. */
  readonly singleInputs: Int32Array;
  /** Instructions on single numbers, five numbers each: code, target and three operands. */
  readonly before: Int32Array;
  readonly lanes: readonly Lane[];
  /** Instructions on single numbers that need the sums of lanes. */
  readonly after: Int32Array;
  /** Places of the numbers that are outputs, after those of the lanes. */
  readonly singleOutputs: Int32Array;
  /** Inputs of the program. */
  readonly inputs: number;
  /** Threads to run on. */
  readonly threads: number;
}

/** Tensors of one size that depend on each other element by element. */
export interface Lane {
  readonly size: number;
  /** The program's inputs that it reads: its first blocks. */
  readonly inputs: Int32Array;
  /** How many blocks it needs, inputs included. */
  readonly blocks: number;
  /** As `before`; an operand below 0 is the single number at `-1 - operand`. */
  readonly instructions: Int32Array;
  /** Pairs: a block, and the place of the sum over all its elements. */
  readonly sums: Int32Array;
  readonly outputs: readonly { readonly block: number; readonly shape: readonly number[] }[];
}
