import { type Command, Option } from "commander";
import { z } from "zod";
import { collect, number, numbers, wholeNumber, wholeNumbers } from "../flags.js";

/** Part of an option's JSON Schema that is read here. */
interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: OptionSchema;
  readonly description?: string;
  readonly default?: unknown;
}

/**
 * Adds a flag to a command for every option of a schema.
 *
 * @param names of flags whose name differs from their option's
 * @returns function that gives the command's options, once it has been parsed
 */
export function addSchemaFlags(
  command: Command,
  schema: z.ZodObject,
  names: Readonly<Record<string, string | undefined>> = {},
): () => Record<string, unknown> {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  const flags = Object.entries(properties as Record<string, OptionSchema>).map(([key, option]) => {
    const isRequired = required.includes(key);
    const flag = flagOf(names[key] ?? kebabCase(key), option, isRequired);
    command.addOption(flag.makeOptionMandatory(isRequired));
    return { key, attribute: flag.attributeName() };
  });
  return () => {
    const given = command.opts();
    const options = flags.map(({ key, attribute }) => [key, given[attribute]]);
    return Object.fromEntries(options.filter(([, value]) => value !== undefined));
  };
}

function flagOf(
  name: string,
  { description = "", ...option }: OptionSchema,
  isRequired: boolean,
): Option {
  if (option.type === "boolean") {
    if (option.default === true) return new Option(`--no-${name}`, description);
    const flag = new Option(`--${name}`, description);
    return isRequired ? flag.default(false) : flag;
  }
  const { value, parse } = readingOf(option);
  const flag = new Option(`--${name} <${value}>`, description);
  if (option.enum) flag.choices(option.enum);
  else if (parse) flag.argParser<unknown>((text, before) => parse(text, before as string[]));
  // Commander would append repeated flags to a default, so that the schema fills in defaults instead.
  return isRepeated(option) || option.default === undefined
    ? flag
    : flag.default(option.default, String(option.default));
}

/** Placeholder in the help, and parser, of a flag's value. */
function readingOf({ type, enum: choices, items }: OptionSchema): {
  readonly value: string;
  readonly parse?: (text: string, before?: readonly string[]) => unknown;
} {
  if (choices) return { value: "name" };
  if (type === "string") return { value: "text" };
  if (type === "integer") return { value: "number", parse: wholeNumber };
  if (type === "number") return { value: "number", parse: number };
  if (type === "array" && items?.type === "string") return { value: "text", parse: collect };
  if (type === "array" && items?.type === "integer") return { value: "list", parse: wholeNumbers };
  if (type === "array" && items?.type === "number") return { value: "list", parse: numbers };
  return { value: "json", parse: json };
}

function isRepeated({ type, items }: OptionSchema): boolean {
  return type === "array" && items?.type === "string";
}

/** Parses a value as JSON, or returns the text when it is not JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
