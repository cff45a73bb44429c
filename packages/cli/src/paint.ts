import { styleText } from "node:util";

/** Coloured text where `stream` shows colours and the user wants any, otherwise the text itself. */
export function paint(
  style: Parameters<typeof styleText>[0],
  text: string,
  stream: NodeJS.WriteStream,
): string {
  return styleText(style, text, { stream });
}
