import { MetaError } from "@metalearn/core";

/** Seeds from the command line, such as `1,2,3`. @throws MetaError `BAD_OPTION` */
export function parseSeeds(text: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  if (!parts.every((part) => /^\d+$/.test(part))) {
    throw new MetaError(
      "BAD_OPTION",
      `--seeds: expected whole numbers such as 1,2,3, got "${text}".`,
    );
  }
  return parts.map(Number);
}
