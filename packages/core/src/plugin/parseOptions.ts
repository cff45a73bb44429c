import type { z } from "zod";
import { MetaError } from "../errors.js";
import { describeIssues } from "./issues.js";

/**
 * Checks options by their schema and fills in defaults. Every factory begins with this call, so that its
 * schema is the single description of its options, in code and in configs.
 *
 * @example const { innerOptimizer, innerSteps } = parseOptions(mamlOptions, options);
 * @throws MetaError `BAD_OPTION` that names every wrong option, one per line
 */
export function parseOptions<S extends z.ZodObject>(schema: S, options: z.input<S>): z.output<S> {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  throw new MetaError(
    "BAD_OPTION",
    describeIssues(result.error, { schema, input: options, origin: "code" }),
  );
}
