import type { z } from "zod";
import { MetaError } from "../errors.js";
import { describeIssues } from "./issues.js";

/**
 * Options that code gives, checked and with their defaults, as the toolkit has them of a config: for
 * factories whose one description of their options is the schema.
 *
 * @throws MetaError `BAD_OPTION` that names each wrong option
 */
export function parseOptions<S extends z.ZodObject>(schema: S, options: z.input<S>): z.output<S> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  throw new MetaError("BAD_OPTION", describeIssues(result.error, { schema, input: options }));
}
