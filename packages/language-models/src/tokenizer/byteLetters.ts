/**
 * Letters that stand for bytes in byte-level vocabularies: a printable byte is its own letter, the others have the
 * letters from U+0100 on, in order.
 *
 * Source: `bytes_to_unicode` of Radford et al. 2019 (`encoder.py`).
 */
export const letterOfByte: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = /[!-~¡-¬®-ÿ]/.test(String.fromCharCode(byte));
    return String.fromCharCode(printable ? byte : next++);
  });
})();

const byteOf = new Map(letterOfByte.map((letter, byte) => [letter, byte]));

/** Converts bytes to the letters that stand for them. */
export function toByteLetters(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += letterOfByte[byte];
  return letters;
}

/** Converts letters to the bytes that they stand for; `undefined` if a character is no such letter. */
export function fromByteLetters(letters: string): Uint8Array | undefined {
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) {
    const byte = byteOf.get(letters[i] as string);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
