import type { Kind } from "@metalearn/core";
import { configJsonSchema, type Toolkit } from "@metalearn/core/runs";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { toolkitWithLaunchers } from "../src/session.js";

/** Part of a JSON Schema that is read here. */
interface Part {
  readonly $ref?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly [keyword: string]: unknown;
}

let toolkit: Toolkit;
let schema: Part;
beforeAll(async () => {
  toolkit = await toolkitWithLaunchers({ config: {} });
  schema = JSON.parse(JSON.stringify(configJsonSchema(toolkit)));
});

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null;

/** Every property at any depth, by its path, except those of conditions (`if`), which only compare. */
function properties(part: Part, path = ""): [string, Part][] {
  return Object.entries(part).flatMap(([keyword, value]): [string, Part][] => {
    if (keyword === "if" || keyword === "default" || !isPart(value)) return [];
    const own = keyword === "properties" ? (Object.entries(value) as [string, Part][]) : [];
    const named = own.map(([name, inner]): [string, Part] => [`${path}.${name}`, inner]);
    return [...named, ...properties(value, keyword === "properties" ? path : `${path}/${keyword}`)];
  });
}

const described = ({ $ref, description }: Part): string | undefined =>
  description ?? ($ref && (schema.$defs as Record<string, Part>)[$ref.slice(8)]?.description);

test("every key of a config and every option of every component says what it is", () => {
  const all = properties(schema);
  expect(all.length).toBeGreaterThan(150);
  const silent = all.filter(([, part]) => !/^[`\w].{5,}\.$/.test(described(part) ?? ""));
  expect(silent.map(([path]) => path)).toEqual([]);
});

/** Schemas of components by name, such as `learner maml: order`. */
function options(): [string, z.ZodType][] {
  const kinds = Object.keys(schema.$defs as object).filter((name) => name !== "changes") as Kind[];
  return kinds.flatMap((kind) =>
    toolkit
      .names(kind)
      .flatMap((name) =>
        Object.entries(toolkit.options(kind, name).shape as Record<string, z.ZodType>).map(
          ([option, own]): [string, z.ZodType] => [`${kind} ${name}: ${option}`, own],
        ),
      ),
  );
}

test("every option that may be left out says what it is then", () => {
  const unsaid = options().filter(([, option]) => {
    if (!option.safeParse(undefined).success) return false; // the option may be absent
    const { default: value, description = "" } = z.toJSONSchema(option, {
      io: "input",
      unrepresentable: "any",
    });
    return value === undefined && !/Default: |[Rr]equired /.test(description);
  });
  expect(unsaid.map(([name]) => name)).toEqual([]);
});

test("every option that measures something says in what", () => {
  const units: Readonly<Record<string, RegExp>> = {
    tokens: /in tokens/,
    maxTokens: /in tokens/,
    maxExampleTokens: /in tokens/,
    timeout: /in seconds/,
    pollSeconds: /[Ss]econds/,
  };
  const named = options().flatMap(([name, option]) => {
    const unit = units[name.split(": ")[1] ?? ""];
    return unit ? [{ name, unit, text: option.description ?? "" }] : [];
  });
  expect(named.length).toBeGreaterThanOrEqual(6);
  expect(named.filter(({ unit, text }) => !unit.test(text))).toEqual([]);
});
