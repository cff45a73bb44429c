/**
 * Reorders the rows of a query or key projection from llama.cpp's order to that of Hugging Face's Llama.
 *
 * Rotary position embedding rotates pairs of numbers in each head. llama.cpp's "normal" order has the two numbers of
 * a pair adjacent, as Meta published them: row 2i + p of a head is number p of pair i. Hugging Face has all first
 * numbers before all second ones: row p * (rows per head / 2) + i.
 *
 * @param values [rows, columns], or [rows] of a bias
 * @param heads that the rows belong to
 * Source: `LlamaModel.permute` of llama.cpp's conversion, which this undoes.
 */
export function unpairRows(values: Float32Array, rows: number, heads: number): Float32Array {
  const columns = values.length / rows;
  const perHead = rows / heads;
  const ordered = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % perHead;
    const to = row - inHead + (inHead % 2) * (perHead / 2) + (inHead >>> 1);
    ordered.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return ordered;
}

/** Transposes a matrix: [rows, columns] to [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      turned[column * rows + row] = values[at] as number;
    }
  }
  return turned;
}
