import type { z } from "zod";
import { suggestion } from "../unknownName.js";
import { describeKind } from "./components.js";
import { definitionOf } from "./definition.js";
import { isOfCode, referencedKind } from "./reference.js";

/** How what was checked came here: as options in code, or as a part of a config. */
export type Origin = "code" | "config";

/**
 * All issues of a failed check, one per line: where, what was expected, what it got.
 *
 * @param schema what `input` was checked against, for the names of known keys
 * @param origin decides how a component is given: built, or by its name
 * @param where what was checked, for the beginning of each line
 */
export function describeIssues(
  error: z.ZodError,
  {
    schema,
    input,
    origin,
    where,
  }: { schema: z.ZodType; input: unknown; origin: Origin; where?: string },
): string {
  return error.issues
    .flatMap((issue) => describe(issue, { schema, input, origin }))
    .map(({ path, text }) => {
      const place = [where, ...path.map(String)].filter(Boolean).join(".");
      return place ? `${place}: ${text}` : text;
    })
    .join("\n");
}

type Issue = z.core.$ZodIssue;

/** What an issue is about. */
interface Checked {
  readonly schema: unknown;
  readonly input: unknown;
  readonly origin: Origin;
}

interface Line {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

function describe(issue: Issue, { schema, input, origin }: Checked): Line[] {
  const { path } = issue;
  const own = path.reduce(schemaAt, schema);
  const value = path.reduce(field, input);
  const lines = (...texts: readonly string[]) => texts.map((text) => ({ path, text }));
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(definitionOf(own).shape ?? {}).sort();
    const list = known.length > 0 ? `Known: ${known.join(", ")}` : "There are none";
    return lines(
      ...issue.keys.map((key) => `unknown key "${key}".${suggestion(key, known)} ${list}.`),
    );
  }
  if (issue.code === "invalid_key") return lines(...issue.issues.map((key) => `${key.message}.`));
  if (issue.code === "invalid_union") {
    const within = onlyMatch(issue.errors);
    if (within) {
      return within.flatMap((inner) =>
        describe({ ...inner, path: [...path, ...inner.path] }, { schema, input, origin }),
      );
    }
  }
  // What a check says of the options as a whole is a sentence of its own.
  if (issue.code === "custom" && path.length === 0) return lines(`${issue.message}.`);
  const names = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const hint = suggestion(String(value), names);
  return lines(`${expectation(issue, own, origin)}, got ${shown(value)}.${hint}`);
}

/** `expected a whole number of at least 1`; the message of a schema of one's own as it is. */
function expectation(issue: Issue, schema: unknown, origin: Origin): string {
  if (!/^(Too (small|big)|Invalid (input|option))\b/.test(issue.message)) return issue.message;
  if (issue.code === "invalid_union") {
    const { options = [] } = definitionOf(schema);
    const branches = issue.errors.flatMap((branch, i) =>
      origin === "config" && isOfCode(options[i])
        ? []
        : branch.slice(0, 1).map((first) => expectation(first, options[i], origin)),
    );
    return `expected ${branches.map((text) => text.replace(/^expected /, "")).join(", or ")}`;
  }
  const kind = referencedKind(schema);
  if (kind !== undefined) return `expected ${describeKind(kind, origin)}`;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${nouns[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
    case "too_big":
      return `expected ${within(issue, schema)}`;
    default:
      return issue.message;
  }
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

/** `a whole number of at least 1`, `a list of at least 2`. */
function within(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, schema: unknown): string {
  const small = issue.code === "too_small";
  const limit = small ? issue.minimum : issue.maximum;
  if (issue.origin === "string" && limit === 1) return "a string that is not empty";
  const { format } = definitionOf(schema);
  const noun = nouns[format === "safeint" ? "int" : issue.origin] ?? issue.origin;
  if (issue.inclusive === false) return `${noun} ${small ? "above" : "below"} ${limit}`;
  return `${noun} of at ${small ? "least" : "most"} ${limit}`;
}

/** The issues of the one branch of a union that a value belongs to, if something is wrong in it. */
function onlyMatch(branches: readonly Issue[][]): Issue[] | undefined {
  const deeper = branches.filter((branch) => branch.every(({ path }) => path.length > 0));
  return deeper.length === 1 ? deeper[0] : undefined;
}

/** The schema of a key's value, or of an item. */
function schemaAt(schema: unknown, key: PropertyKey): unknown {
  const { shape, valueType, element, options = [] } = definitionOf(schema);
  const own = shape?.[String(key)] ?? valueType ?? element;
  if (own !== undefined) return own;
  return options.map((option) => schemaAt(option, key)).find((found) => found !== undefined);
}

function field(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "number") return String(value); // JSON knows no NaN
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
