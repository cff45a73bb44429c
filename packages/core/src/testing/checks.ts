import assert from "node:assert/strict";
import { MetaError, messageOf } from "../errors.js";

/** One promise of a contract, to be checked on something that makes it. */
export interface Check {
  /** The promise in a word, by which a subject skips it. */
  readonly property: string;
  /** The promise as a sentence. */
  readonly title: string;
  /** Why it is not checked. */
  readonly skip?: string;
  /** @throws AssertionError that says what was expected and what it got */
  run(): Promise<void>;
}

/** What every subject of a conformance suite may say. */
export interface Subject<P extends string> {
  /** Promises that it does not make, each with the reason, which the test report shows. */
  readonly skip?: Readonly<Partial<Record<P, string>>>;
  /**
   * Calls that must fail, by the name of the option that is wrong.
   *
   * @example { tasks: () => maml({ innerOptimizer, tasks: 0 }) }
   */
  readonly badOptions?: Readonly<Record<string, () => unknown>>;
}

/** A promise of a contract, whoever makes it. */
export interface Property<S> {
  readonly title: string;
  /** Why it cannot be checked on this subject. */
  skip?(subject: S): string | undefined;
  check(subject: S): void | Promise<void>;
}

/**
 * The checks of a contract on one subject.
 *
 * @throws MetaError `UNKNOWN_NAME` when the subject skips something that the contract does not promise
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
      `skip: there is no check called "${unknown}". There are: ${known.join(", ")}.`,
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

/** Errors about options, which every contract wants of its factories. */
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
      assert.ok(error, `A bad ${option} was accepted.`);
      assert.ok(
        error instanceof MetaError,
        `A bad ${option} should be a MetaError, but is: ${messageOf(error)}`,
      );
      assert.ok(
        error.detail.includes(option),
        `The error of a bad ${option} should name it, but says: ${error.message}`,
      );
    }
  },
};
