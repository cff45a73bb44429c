import { z } from "zod";

const mode = z.enum(["auto", "graph", "xla", "eager"]);
const precision = z.enum(["float32", "bfloat16"]);
const signatures = z.int().min(1);

/** Defaults of compilation. */
export const compileDefaults = z.strictObject({
  mode: mode
    .optional()
    .describe(
      "`xla` takes longer to compile and pays where few lengths of sequences come often; `graph` is ready at once; `eager` does not compile. Default: `auto`, which chooses `xla` for what it pays for, and else `graph`.",
    ),
  precision: precision
    .optional()
    .describe(
      "`bfloat16` rounds the operands of matrix products, which is faster and less exact. Default: `float32`.",
    ),
  signatures: signatures
    .optional()
    .describe(
      "Number of compilations to keep of each function, one per shape of its inputs. Default: 32.",
    ),
});

export type CompileDefaults = z.output<typeof compileDefaults>;

/** Options of compiling one function: `CompileOptions` of core, with their defaults. */
export const compileOptions = z.strictObject({
  name: z.string().optional(),
  mode: z.enum([...mode.options, "elementwise"]).default("auto"),
  precision: precision.default("float32"),
  signatures: signatures.default(32),
  donate: z.array(z.int().min(0)).readonly().default([]),
});

export type CompleteOptions = z.output<typeof compileOptions>;
