import type { Kind } from "@metalearn/core";
import type { JsonSchema } from "@metalearn/core/runs";

/** How a component is named that an option may be: `an optimizer`, with a link or without. */
export type LinkTo = (noun: string, kind: Kind) => string;

/** What a JSON Schema accepts, in words, as Markdown. */
export function valuesOf(schema: JsonSchema, link: LinkTo): string {
  const { $ref, anyOf, type } = schema;
  if (typeof $ref === "string") return component($ref.replace("#/$defs/", "") as Kind, link);
  if (Array.isArray(anyOf)) return anyOf.map((branch) => valuesOf(branch, link)).join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map(code).join(", ");
  if ("const" in schema) return code(schema.const);
  if (type === "boolean") return "`true`, `false`";
  if (type === "integer" || type === "number") return numberOf(schema);
  if (type === "string") return "text";
  if (type === "array") return `list of ${plural(valuesOf(schema.items as JsonSchema, link))}`;
  if (type === "object") return "map";
  return "any";
}

/** `whole number ≥ 1`, `number ≥ 0 and < 1`. */
function numberOf({ type, ...schema }: JsonSchema): string {
  const bounds = Object.entries(signs).flatMap(([key, sign]) =>
    schema[key] === undefined ? [] : [`${sign} ${schema[key]}`],
  );
  return [type === "integer" ? "whole number" : "number", bounds.join(" and ")].join(" ").trim();
}

const signs = { minimum: "≥", exclusiveMinimum: ">", maximum: "≤", exclusiveMaximum: "<" };

function plural(values: string): string {
  return values.replace(/\b(number|text|map)\b/, "$1s").replace(/\ban? (\w+)/, "$1s");
}

function component(kind: Kind, link: LinkTo): string {
  return link(kind === "tasks" ? "tasks" : `${/^[aeo]/.test(kind) ? "an" : "a"} ${kind}`, kind);
}

/** A value as code, as a config writes it. */
export function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
