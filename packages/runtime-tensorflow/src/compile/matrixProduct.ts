import type { NativeAttribute, NativeBinding, NativeTensor } from "../binding/binding.js";
import type { GraphBuilder } from "./graphBuilder.js";

/** The name under which TensorFlow.js's kernel calls matrix products. */
export const matrixProduct = "BatchMatMulV2";

/**
 * Adds matrix products to a graph: those without batch axes as MatMul, which is faster, and with operands in bfloat16
 * if requested. Results are float32 in either case.
 *
 * @param onNarrow called when operands are narrowed
 */
export function matrixProducts(
  builder: GraphBuilder,
  binding: NativeBinding,
  precision: "float32" | "bfloat16",
  onNarrow: () => void,
): (inputs: readonly number[], attributes: readonly NativeAttribute[]) => NativeTensor {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_BFLOAT16, TF_FLOAT } = binding;
  const cast = (id: number, to: number) => {
    const attributes = [{ name: "DstT", type: TF_ATTR_TYPE, value: to }];
    return builder.operation("Cast", attributes, [id], 1)[0] as NativeTensor;
  };
  const narrowed = new Map<number, number>(); // a weight is used forwards, backwards and again
  const narrow = (id: number) => {
    const known = narrowed.get(id) ?? cast(id, TF_BFLOAT16).id;
    narrowed.set(id, known);
    return known;
  };

  return (inputs, attributes) => {
    const sides = inputs.map((id) => builder.output(id));
    const isNarrow = precision === "bfloat16" && sides.every(({ dtype }) => dtype === TF_FLOAT);
    const isPlain = sides.every(({ shape }) => shape.length === 2);
    const [transposeA, transposeB] = ["adj_x", "adj_y"].map(
      (name) => attributes.find((attribute) => attribute.name === name)?.value === true,
    );
    const flags = isPlain
      ? { transpose_a: transposeA, transpose_b: transposeB }
      : { adj_x: transposeA, adj_y: transposeB };
    const given = Object.entries(flags).map(([name, value]) => ({
      name,
      type: TF_ATTR_BOOL,
      value,
    }));
    const operation = isPlain ? "MatMul" : matrixProduct;
    if (isNarrow) onNarrow();
    const operands = isNarrow ? inputs.map(narrow) : inputs;
    const [product] = builder.operation(operation, given, operands, 1) as [NativeTensor];
    return isNarrow ? cast(product.id, TF_FLOAT) : product;
  };
}
