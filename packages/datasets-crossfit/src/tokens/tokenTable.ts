import type { ExampleTokens } from "../prompt/exampleEncoder.js";
import { tokenArena } from "./tokenArena.js";

/** Tokens of all rows of a task, one after another in typed arrays. */
export interface TokenTable {
  /**
   * Start of each piece in `tokens`, and the end of the last one. Per row: the conditioning and the scored
   * piece at the beginning of a sequence, then both after other examples.
   */
  readonly offsets: Uint32Array;
  readonly tokens: Uint16Array | Uint32Array;
}

/** Number of pieces per row in a {@link TokenTable}. */
const piecesPerRow = 4;

/** Builds a table by encoding every row both ways. */
export function buildTokenTable(
  size: number,
  vocabularySize: number,
  encode: (row: number, first: boolean) => ExampleTokens,
): TokenTable {
  const arena = tokenArena(vocabularySize);
  const offsets = new Uint32Array(piecesPerRow * size + 1);
  let piece = 0;
  for (let row = 0; row < size; row++) {
    for (const first of [true, false]) {
      const { conditioning, scored } = encode(row, first);
      offsets[piece++] = arena.add(conditioning);
      offsets[piece++] = arena.add(scored);
    }
  }
  offsets[piece] = arena.used();
  return { offsets, tokens: arena.read(0, arena.used()) };
}

/** Number of rows of a table. */
export function tableSize({ offsets }: TokenTable): number {
  return (offsets.length - 1) / piecesPerRow;
}

/** Tokens of a row at the beginning of a sequence (`first`) or after other examples. */
export function tableTokens(
  { offsets, tokens }: TokenTable,
  row: number,
  first: boolean,
): ExampleTokens {
  const piece = piecesPerRow * row + (first ? 0 : 2);
  return {
    conditioning: tokens.subarray(offsets[piece], offsets[piece + 1]),
    scored: tokens.subarray(offsets[piece + 1], offsets[piece + 2]),
  };
}
