import { z } from "zod";

/** The schema of {@link SamplerOptions}, with which a task source checks them. */
export const samplerOptions = z.strictObject({
  seed: z.number().describe("Decides all that is drawn."),
  batchSize: z.int().min(1).describe("Examples per batch."),
  paddedLengths: z
    .array(z.int().min(1))
    .readonly()
    .optional()
    .describe(
      "Lengths to pad sequences to, in ascending order; episodes are otherwise the same. Samplers of sources without `trainingLengths` are never given any.",
    ),
});

/** Options of {@link TaskSource.sampler}. */
export type SamplerOptions = z.input<typeof samplerOptions>;
