import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Check } from "./checks.js";

// Imported only in vitest: the rest of this entry point works in any process, with any test runner.
const vitest = process.env.VITEST ? await import("vitest") : undefined;

/**
 * Registers checks as vitest tests. The name of a skipped one includes the reason.
 *
 * @throws MetaError `MISSING_PEER` outside of vitest
 */
export function register(title: string, checks: readonly Check[]): void {
  if (!vitest) {
    throw new MetaError(
      "MISSING_PEER",
      "Expected to run in vitest, with which conformance suites register tests: npm install -D vitest, then npx vitest. For another test runner, run the checks that learnerChecks, modelChecks etc. return.",
    );
  }
  silenceAdvertisement();
  const { describe, test } = vitest;
  describe(title, () => {
    for (const check of checks) {
      if (check.skip === undefined) test(check.title, check.run);
      else test.skip(`${check.title} (${check.skip})`, check.run);
    }
  });
}

/** Turns off TensorFlow.js's hint that the JavaScript backend is slow. */
function silenceAdvertisement(): void {
  const backend = tf.backend();
  if ("firstUse" in backend) backend.firstUse = false;
}
