import type { z } from "zod";
import { MetaError } from "../errors.js";
import { describeIssues } from "../plugin/issues.js";

/**
 * Checks a config by its schema, and fills in defaults.
 *
 * @param where file or run, for messages
 * @throws MetaError `BAD_CONFIG` with all mistakes, one per line
 */
export function parseConfig<S extends z.ZodType>(
  schema: S,
  input: unknown,
  where?: string,
): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = describeIssues(result.error, { schema, input, origin: "config" });
  const several = issues.includes("\n");
  throw new MetaError(
    "BAD_CONFIG",
    where ? `in ${where}:${several ? "\n" : " "}${issues}` : issues,
  );
}
