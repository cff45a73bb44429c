import { styleText } from "node:util";

/** Coloured text where the terminal shows colours, otherwise the text itself. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  const colours = process.stderr.isTTY && !process.env.NO_COLOR;
  return colours ? styleText(style, text) : text;
}
