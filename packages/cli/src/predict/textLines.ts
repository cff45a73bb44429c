import { MetaError } from "@metalearn/core";
import { withoutByteOrderMark } from "@metalearn/core/files";

/** A line of text and its place in messages: `stdin:3`. */
export interface TextLine {
  readonly text: string;
  readonly where: string;
}

const newline = 10;

/**
 * The lines of a stream of UTF-8 as they come, without their ends and without a byte order mark at the beginning.
 * Lines end with `\n` or `\r\n` alone, since JSON may contain all other separators.
 *
 * @param name of the stream in messages
 * @throws MetaError `BAD_DATA` for a line that is not UTF-8
 */
export async function* textLines(
  stream: AsyncIterable<string | Buffer>,
  name: string,
): AsyncGenerator<TextLine> {
  let number = 0;
  let parts: Buffer[] = []; // of the line that has not ended
  const line = (last: Buffer): TextLine => {
    const bytes = Buffer.concat([...parts, last]);
    parts = [];
    number++;
    const where = `${name}:${number}`;
    const text = decode(bytes, where).replace(/\r$/, "");
    return { where, text: number === 1 ? withoutByteOrderMark(text) : text };
  };
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk);
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      yield line(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    parts.push(rest);
  }
  const last = line(Buffer.alloc(0));
  if (last.text !== "") yield last;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const text = `${where}: expected text in UTF-8, got other bytes. Convert it, for example with iconv -t UTF-8.`;
    throw new MetaError("BAD_DATA", text, { cause });
  }
}
