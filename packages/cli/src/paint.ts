import { styleText } from "node:util";

/**
 * Coloured text where `stream` supports colours and the user has not turned them off, otherwise plain text.
 */
export function paint(
  style: Parameters<typeof styleText>[0],
  text: string,
  stream: NodeJS.WriteStream,
): string {
  return styleText(style, text, { stream });
}
