import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Check } from "./checks.js";

// The rest of this entry point is of use in any process, and with any test runner.
const vitest = process.env.VITEST ? await import("vitest") : undefined;

/** Registers checks as tests of vitest. A reason to skip one stands in its name. */
export function register(title: string, checks: readonly Check[]): void {
  if (!vitest) {
    throw new MetaError(
      "MISSING_PEER",
      "Conformance suites register tests with vitest, which does not run this file: npm install -D vitest, then npx vitest. For another test runner, run the checks that learnerChecks, modelChecks and their like return.",
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

/** Computing in plain JavaScript, TensorFlow.js would say that tests need a faster engine. */
function silenceAdvertisement(): void {
  const backend = tf.backend();
  if ("firstUse" in backend) backend.firstUse = false;
}
