import type { z } from "zod";
import { MetaError } from "../errors.js";
import { describeIssues } from "./issues.js";

/**
 * Options checked, and with their defaults: a factory begins with it, so that the schema beside it is
 * the one description of its options, in code as in a config.
 *
 * @example const { innerOptimizer, innerSteps } = parseOptions(mamlOptions, options);
 * @throws MetaError `BAD_OPTION` that names each wrong option
 */
export function parseOptions<S extends z.ZodObject>(schema: S, options: z.input<S>): z.output<S> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  throw new MetaError(
    "BAD_OPTION",
    describeIssues(result.error, { schema, input: options, origin: "code" }),
  );
}
