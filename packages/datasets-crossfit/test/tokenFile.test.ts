import { expect, test } from "vitest";
import { decodeTokenFile, encodeTokenFile } from "../src/tokens/tokenFile.js";

test.each([
  ["2 bytes", Uint16Array.of(1, 2, 0xffff)],
  ["4 bytes", Uint32Array.of(1, 2, 0x1_0000)],
])("a file of tokens of %s can be read wherever it lies in memory", (_, tokens) => {
  const table = { offsets: Uint32Array.of(0, 1, 2, 2, 3), tokens };
  const file = Buffer.concat(encodeTokenFile(table));
  for (const shift of [0, 1, 2, 3]) {
    const memory = Buffer.concat([Buffer.alloc(shift), file]);
    expect(decodeTokenFile(memory.subarray(shift))).toEqual(table);
  }
});
