import type { z } from "zod";
import { suggestion } from "../text/unknownName.js";
import { definitionOf } from "./definition.js";
import { expectation, hasUsualMessage, type Origin } from "./expectation.js";

/**
 * Describes all issues of a failed check, one per line: the path, the expected value, the value found.
 *
 * @param schema schema of `input`, for the names of known keys
 * @param origin in code a component is given as an object, in a config by its name
 * @param where prefix of every path
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

/** The options that were checked, and the schema. */
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
    const deeper = onlyMatch(issue.errors) ?? [];
    if (deeper.length > 0) {
      return deeper.flatMap((inner) =>
        describe({ ...inner, path: [...path, ...inner.path] }, { schema, input, origin }),
      );
    }
  }
  // A check of the options as a whole has a message that is a full sentence.
  if (issue.code === "custom" && path.length === 0 && !hasUsualMessage(issue)) {
    return lines(`${issue.message}.`);
  }
  const names = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const hint = suggestion(String(value), names);
  return lines(`${expectation(issue, own, origin)}, got ${shown(value)}.${hint}`);
}

/** Issues of the branch of a union that a value belongs to, if the value fits exactly one branch at its top level. */
function onlyMatch(branches: readonly Issue[][]): Issue[] | undefined {
  const deeper = branches.filter((branch) => branch.every(({ path }) => path.length > 0));
  return deeper.length === 1 ? deeper[0] : undefined;
}

/** Schema of the value under a key, or of an item. */
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
