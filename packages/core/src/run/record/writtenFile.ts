import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { MetaError } from "../../errors.js";
import { describeIssues } from "../../plugin/issues.js";

/**
 * Reads a JSON file that metalearn wrote, and checks it by its schema; nothing if there is no such file.
 *
 * @throws MetaError `MISSING_FILE` when it cannot be read, `BAD_DATA` when it is not what metalearn writes
 */
export async function readWritten<S extends z.ZodType>(
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    // ENOTDIR: the path is a file, such as a checkpoint of torch.save, and not a run's directory.
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw new MetaError(
      "MISSING_FILE",
      `${path}: expected a file that can be read. Check its permissions.`,
      { cause },
    );
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (cause) {
    throw new MetaError(
      "BAD_DATA",
      `${path}: expected JSON, as metalearn wrote it. Restore the file if it was edited, or delete the run.`,
      { cause },
    );
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = describeIssues(result.error, { schema, input, origin: "config" }).split("\n");
  throw new MetaError(
    "BAD_DATA",
    `${path} is damaged, was edited, or is of another version: ${issues.slice(0, 3).join(" ")} Restore the file, or delete it.`,
  );
}
