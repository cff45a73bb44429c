import { MetaError } from "../errors.js";
import type { Check } from "./checks.js";

// Toys and derivatives are of use without vitest too; and other test runners can run the checks.
const vitest = await import("vitest").catch(() => undefined);

/** Registers checks as tests of vitest. A reason to skip one stands in its name. */
export function register(title: string, checks: readonly Check[]): void {
  if (!vitest) {
    throw new MetaError(
      "MISSING_PEER",
      "Conformance suites are registered with vitest, which is not installed: npm install -D vitest. For another test runner, run the checks that learnerChecks, modelChecks and their like return.",
    );
  }
  const { describe, test } = vitest;
  describe(title, () => {
    for (const check of checks) {
      if (check.skip === undefined) test(check.title, check.run);
      else test.skip(`${check.title} (${check.skip})`, check.run);
    }
  });
}
