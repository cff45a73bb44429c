import type { z } from "zod";
import { suggestion } from "../unknownName.js";
import { unwrap } from "./unwrap.js";

/**
 * All issues of a failed check, one per line: where, what was wanted, what came.
 *
 * @param schema what `input` was checked against, for the names of known keys
 * @param where what was checked, for the beginning of each line
 */
export function describeIssues(
  error: z.ZodError,
  { schema, input, where }: { schema: z.ZodType; input: unknown; where?: string },
): string {
  return error.issues
    .flatMap((issue) => {
      const came = shown(issue.path.reduce(field, input));
      const path = [where, ...issue.path.map(String)].filter(Boolean).join(".");
      return describe(issue, came, keysAt(schema, issue.path)).map((text) =>
        path ? `${path}: ${text}` : text,
      );
    })
    .join("\n");
}

function describe(issue: z.core.$ZodIssue, came: string, known: readonly string[]): string[] {
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map(
        (key) =>
          `unknown key "${key}".${suggestion(key, known)} ${known.length > 0 ? `Known: ${known.join(", ")}` : "There are none"}.`,
      );
    case "invalid_type":
      return [`wanted ${issue.expected}; came ${came}.`];
    case "invalid_value": {
      const wanted = issue.values.map((value) => JSON.stringify(value)).join(" or ");
      const hint = suggestion(came.replaceAll('"', ""), issue.values.map(String));
      return [`wanted ${wanted}; came ${came}.${hint}`];
    }
    case "invalid_union": {
      const wanted = issue.errors.map((branch) => branch.map(({ message }) => message).join("; "));
      return [`${wanted.join(", or ")}; came ${came}.`];
    }
    case "invalid_key":
      return issue.issues.map(({ message }) => `${message}.`);
    default:
      return [`${issue.message}; came ${came}.`];
  }
}

/** The keys that the object schema at `path` knows. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let inner: unknown = unwrap(schema);
  for (const key of path) {
    const { shape, valueType } = definition(inner);
    inner = unwrap(shape?.[String(key)] ?? valueType);
  }
  return Object.keys(definition(inner).shape ?? {}).sort();
}

interface Definition {
  readonly shape?: Readonly<Record<string, unknown>>;
  /** The values of a record. */
  readonly valueType?: unknown;
}

function definition(schema: unknown): Definition {
  return (schema as { def?: Definition } | undefined)?.def ?? {};
}

function field(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value); // JSON knows no NaN
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
