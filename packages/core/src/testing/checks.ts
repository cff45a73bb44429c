import assert from "node:assert/strict";
import { MetaError, messageOf } from "../errors.js";

/** A check of one property of a contract, on one implementation. */
export interface Check {
  /** Name of the property, as in {@link Subject.skip}. */
  readonly property: string;
  /** The property as a sentence. */
  readonly title: string;
  /** Reason for skipping it, if it is skipped. */
  readonly skip?: string;
  /** Runs the check. @throws AssertionError that says what was expected, and the value found */
  run(): Promise<void>;
}

/** Options that every conformance suite takes. */
export interface Subject<P extends string> {
  /** Properties that the implementation does not have, each with a reason, shown in the test report. */
  readonly skip?: Readonly<Partial<Record<P, string>>>;
  /**
   * Calls with one bad option that must fail, by the name of that option.
   *
   * @example { tasks: () => maml({ innerOptimizer, tasks: 0 }) }
   */
  readonly badOptions?: Readonly<Record<string, () => unknown>>;
}

/** A property of a contract, for any implementation. */
export interface Property<S> {
  readonly title: string;
  /** Returns a reason if the property cannot be checked on this subject. */
  skip?(subject: S): string | undefined;
  check(subject: S): void | Promise<void>;
}

/**
 * Makes the checks of a contract for one subject.
 *
 * @throws MetaError `UNKNOWN_NAME` when the subject skips a property that the contract does not have
 */
export function checksOf<P extends string, S extends Subject<P>>(
  properties: Readonly<Record<P, Property<S>>>,
  subject: S,
): Check[] {
  const known = Object.keys(properties);
  const unknown = Object.keys(subject.skip ?? {}).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new MetaError(
      "UNKNOWN_NAME",
      `skip: expected the name of a check (${known.join(", ")}), got "${unknown}".`,
    );
  }
  return (Object.entries(properties) as [P, Property<S>][]).map(([name, property]) => {
    const skip = subject.skip?.[name] ?? property.skip?.(subject);
    return {
      property: name,
      title: property.title,
      ...(skip !== undefined && { skip }),
      run: async () => property.check(subject),
    };
  });
}

/** Property of all factories: a bad option raises a MetaError that names it. */
export const usefulErrors: Property<Subject<string>> = {
  title: "a bad option is an error that names it",
  skip: ({ badOptions }) =>
    badOptions ? undefined : "no bad options are given to try (badOptions)",
  async check({ badOptions = {} }) {
    for (const [option, attempt] of Object.entries(badOptions)) {
      const error = await Promise.resolve()
        .then(attempt)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      assert.ok(error, `Expected an error for a bad ${option}, got none.`);
      assert.ok(
        error instanceof MetaError,
        `Expected a MetaError for a bad ${option}, got: ${messageOf(error)}`,
      );
      assert.ok(
        error.detail.includes(option),
        `Expected an error that names the bad option ${option}, got: ${error.message}`,
      );
    }
  },
};
