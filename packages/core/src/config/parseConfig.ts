import type { z } from "zod";
import { MetaError } from "../errors.js";
import { describeIssues } from "../plugin/issues.js";

/**
 * A config, or a run's, as its schema has it.
 *
 * @param where what is checked, for messages
 * @throws MetaError `BAD_CONFIG` that names all mistakes
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
