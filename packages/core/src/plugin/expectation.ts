import type { z } from "zod";
import { describeKind } from "./components.js";
import { definitionOf } from "./definition.js";
import { isOfCode, referencedKind } from "./reference.js";

/** Origin of checked options: code, or a config. */
export type Origin = "code" | "config";

type Issue = z.core.$ZodIssue;

/**
 * Describes the expected value of an issue: `expected a whole number of at least 1`. Messages that a schema
 * sets itself are returned unchanged.
 *
 * @param schema schema of the value
 * @param origin in code a component is given as an object, in a config by its name
 */
export function expectation(issue: Issue, schema: unknown, origin: Origin): string {
  if (!hasUsualMessage(issue)) return issue.message;
  if (issue.code === "invalid_union") return `expected ${ofUnion(issue, schema, origin)}`;
  const kind = referencedKind(schema);
  if (kind !== undefined) return `expected ${describeKind(kind, origin)}`;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${nounOf(issue.expected, schema)}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
    case "too_big":
      return `expected ${bounded(issue, schema)}`;
    default:
      return issue.message;
  }
}

/** True if the message of an issue is zod's default, not one that the schema sets. */
export function hasUsualMessage({ message }: Issue): boolean {
  return /^(Too (small|big)|Invalid (input|option))\b/.test(message);
}

/**
 * Names a zod type in words. For `z.int()`, zod reports a string as no number, but both mean a whole number. Of a
 * union it may report the one branch that nearly fits.
 */
function nounOf(type: string, schema: unknown): string {
  const { options = [] } = definitionOf(schema);
  const formats = [schema, ...options].map((branch) => definitionOf(branch).format);
  const isInt = type === "number" && formats.includes("safeint");
  return nouns[isInt ? "int" : type] ?? type;
}

const nouns: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "keys and values",
  record: "keys and values",
};

/** Describes the branches of a union; for a config, without those that only code can provide. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, schema: unknown, origin: Origin): string {
  const { options = [] } = definitionOf(schema);
  return issue.errors
    .flatMap(([first], i) =>
      !first || (origin === "config" && isOfCode(options[i]))
        ? []
        : [expectation(first, options[i], origin).replace(/^expected /, "")],
    )
    .join(", or ");
}

/** Describes a range: `a whole number of at least 1`, `a number below 1`, `a list of at least 2`. */
function bounded(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  schema: unknown,
): string {
  const isSmall = issue.code === "too_small";
  const limit = isSmall ? issue.minimum : issue.maximum;
  if (issue.origin === "string" && limit === 1) return "a string that is not empty";
  const noun = nounOf(issue.origin, schema);
  if (issue.inclusive === false) return `${noun} ${isSmall ? "above" : "below"} ${limit}`;
  return `${noun} of at ${isSmall ? "least" : "most"} ${limit}`;
}
