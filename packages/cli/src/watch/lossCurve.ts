/** Bits of a braille character's dots (two across, four down), by column. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** A point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Size of a picture in characters, without labels. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Draws a curve in braille dots with the highest and lowest value at its left. The scale is logarithmic where
 * all values are positive, as for losses.
 *
 * @returns one line of text per row; empty for no points
 */
export function lossCurve(points: readonly Point[], { columns, rows }: Size): string[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const isPositive = points.every(({ y }) => y > 0);
  const height = (y: number) => (isPositive ? Math.log(y) : y);
  const ys = points.map(({ y }) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [width, tall] = [2 * columns - 1, 4 * rows - 1];
  const across = (x: number) => (last.x > first.x ? (x - first.x) / (last.x - first.x) : 0);
  const down = (y: number) =>
    high > low ? (height(high) - height(y)) / (height(high) - height(low)) : 0.5;

  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  const mark = (x: number, y: number) => {
    const row = cells[Math.floor(y / 4)];
    const column = Math.floor(x / 2);
    if (row) row[column] = (row[column] ?? 0) | (dots[x % 2]?.[y % 4] ?? 0);
  };
  let before: Point | undefined;
  for (const point of points) {
    const at = { x: Math.round(width * across(point.x)), y: Math.round(tall * down(point.y)) };
    const from = before ?? at;
    // Draws a straight line from the last point, without gaps.
    const steps = Math.max(1, Math.abs(at.x - from.x), Math.abs(at.y - from.y));
    for (let i = 0; i <= steps; i++) {
      mark(
        Math.round(from.x + ((at.x - from.x) * i) / steps),
        Math.round(from.y + ((at.y - from.y) * i) / steps),
      );
    }
    before = at;
  }
  const labels = cells.map((_, i) => {
    if (i === 0) return high.toPrecision(3);
    return i === rows - 1 ? low.toPrecision(3) : "";
  });
  const labelWidth = Math.max(...labels.map((label) => label.length));
  return cells.map((row, i) => {
    const picture = [...row].map((bits) => String.fromCodePoint(0x2800 + bits)).join("");
    return `${(labels[i] ?? "").padStart(labelWidth)} ┤${picture}`;
  });
}
