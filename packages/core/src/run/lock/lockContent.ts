import { z } from "zod";
import { identitySchema, type ProcessIdentity } from "./processIdentity.js";

const contentSchema = z.object({
  ...identitySchema.shape,
  /** True if the kernel has locked the file. */
  isLocked: z.boolean(),
  /** Number of heartbeats. */
  beats: z.string(),
});

/** Content of a lock file: the process that made it, and its heartbeats. */
export type LockContent = z.output<typeof contentSchema>;

const start = "0".repeat(12);

/** Text of a new lock file, and the byte at which the number of its heartbeats stands. */
export function lockContent(
  own: ProcessIdentity,
  isLocked: boolean,
): { readonly text: string; readonly beatsAt: number } {
  const content: LockContent = { ...own, isLocked, beats: start };
  const text = `${JSON.stringify(content)}\n`;
  return { text, beatsAt: Buffer.byteLength(text.slice(0, text.lastIndexOf(start))) };
}

/** Reads the text of a lock file; nothing for one of an earlier version, or one that is damaged. */
export function parseLockContent(text: string): LockContent | undefined {
  try {
    return contentSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
