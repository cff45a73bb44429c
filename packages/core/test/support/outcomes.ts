import type { Check } from "../../src/testing/index.js";

/** What became of each check, by its property: `passed`, `skipped` or the error. */
export async function outcomes<S>(
  checksFor: (subject: S) => readonly Check[],
  subject: S,
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { property, skip, run } of checksFor(subject)) {
    found[property] =
      skip === undefined
        ? await run().then(
            () => "passed",
            (error: unknown) => error,
          )
        : "skipped";
  }
  return found;
}
