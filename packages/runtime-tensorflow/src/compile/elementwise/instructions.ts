/** The instructions of native/elementwise.h, in its order. */
const codes = [
  "add",
  "sub",
  "mul",
  "div",
  "divNoNan",
  "minimum",
  "maximum",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "equal",
  "notEqual",
  "square",
  "sqrt",
  "rsqrt",
  "neg",
  "abs",
  "sign",
  "reciprocal",
  "copy",
  "mulAdd",
  "select",
] as const;

/** Operation of an instruction. */
export type Code = (typeof codes)[number];

/** Encodes an instruction for the addon. Missing operands repeat the previous one. */
export function encoded(code: Code, target: number, operands: readonly number[]): number[] {
  const [left, right = left, third = right] = operands as [number, number?, number?];
  return [codes.indexOf(code), target, left, right, third];
}

/** Instructions by the TensorFlow operation that they implement. */
export const instructionOf: Readonly<Record<string, Code>> = {
  Add: "add",
  AddV2: "add",
  Sub: "sub",
  Mul: "mul",
  Div: "div",
  RealDiv: "div",
  DivNoNan: "divNoNan",
  Minimum: "minimum",
  Maximum: "maximum",
  Less: "less",
  LessEqual: "lessEqual",
  Greater: "greater",
  GreaterEqual: "greaterEqual",
  Equal: "equal",
  NotEqual: "notEqual",
  Select: "select",
  SelectV2: "select",
  Square: "square",
  Sqrt: "sqrt",
  Rsqrt: "rsqrt",
  Neg: "neg",
  Abs: "abs",
  Sign: "sign",
  Reciprocal: "reciprocal",
};

/** Operations that return their first input's elements in order. */
export const sameElements: ReadonlySet<string> = new Set(["Identity", "Reshape", "Snapshot"]);
