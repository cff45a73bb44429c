import type { Kind } from "@metalearn/core";
import { configJsonSchema, type JsonSchema, type Toolkit } from "@metalearn/core/runs";
import { anchorOf } from "./headings.js";
import { pageOfKind, pageOfPlugin } from "./reference.js";
import { code, type LinkTo, valuesOf } from "./values.js";

/** A row of a table of options: its cells. */
interface Row {
  /** The option as code, with the keys that lead to it: `compile.mode`. */
  readonly name: string;
  readonly values: string;
  readonly implied: string;
  readonly meaning: string;
}

/** Introduction of each kind of component, before its list. */
const introductions: Readonly<Record<Kind, string>> = {
  learner: "Meta-training of the model: the key `learner` of a config.",
  tasks: "Tasks to train and evaluate on: the key `tasks` of a config.",
  model: "The model that is meta-trained: the key `model` of a config.",
  adapter: "Additional parameters of the model: the key `adapter` of a config.",
  optimizer:
    "Updates of parameters from gradients: the key `optimizer` of a config, and `innerOptimizer` of learners.",
  runtime: "The engine that computes: the key `runtime` of a config.",
  tracker:
    "Additional destination of metrics, beside the run's folder: the key `tracker` of a config.",
  launcher: "Carries out the runs of a comparison: the key `launcher` of a config.",
};

const configIntroduction =
  "The keys of `metalearn.config.yaml`. `model` and `tasks` are required in every run; keys without a default may be left out. Runs under `compare.runs` may change any of them. [The guide for experimenters](/guides/experimenter) has whole configs.";

/**
 * The page of a kind: a table of options for each component, from the schemas of the plugins. Components of a plugin with
 * a page of its own are listed, and described there.
 *
 * @param plugin if given, its page
 */
export function componentsPage(toolkit: Toolkit, kind: Kind, plugin?: string): string {
  const pluginOf = (name: string) =>
    toolkit.plugins.find((plugin) => has(plugin, kind, name))?.name ?? "";
  const pageOf = (name: string) => pageOfPlugin(kind, pluginOf(name));
  const names = toolkit.names(kind);
  const elsewhere = plugin === undefined ? names.filter((name) => pageOf(name) !== undefined) : [];
  const own = names.filter((name) =>
    plugin === undefined ? pageOf(name) === undefined : pluginOf(name) === plugin,
  );
  const list = elsewhere.map((name) => {
    const { description = "" } = toolkit.options(kind, name);
    return `- [\`${name}\`](/reference/${pageOf(name)}#${anchorOf(name)}): ${description}`;
  });
  const sections = own.map((name) => {
    const from = pluginOf(name);
    const { description = "" } = toolkit.options(kind, name);
    return [
      `## \`${name}\``,
      `${description} From [${from}](/${from.replace("@metalearn/", "packages/")}).`,
      optionTable(toolkit, kind, [name], toReference) || "It has no options.",
    ].join("\n\n");
  });
  const listed = list.length > 0 ? [list.join("\n")] : [];
  return [introductions[kind], ...listed, ...sections].join("\n\n");
}

/** The page of the keys of a config. */
export function configPage(toolkit: Toolkit): string {
  return [configIntroduction, configTable(toolkit, toReference)].join("\n\n");
}

/**
 * The options of some components of a kind as one table. An option that is not the same for all of them
 * names those that a row is for.
 */
export function optionTable(
  toolkit: Toolkit,
  kind: Kind,
  names: readonly string[],
  link: LinkTo,
): string {
  const { $defs } = configJsonSchema(toolkit) as { $defs: Record<Kind, JsonSchema> };
  const branches = ($defs[kind].allOf ?? []) as readonly Branch[];
  const rows = names.flatMap((component) => {
    const { shape } = toolkit.options(kind, component);
    const branch = branches.find(({ if: when }) => when.properties.use.const === component);
    return Object.entries((branch as Branch).then.properties)
      .filter(([key]) => key !== "use")
      .flatMap(([key, schema]) =>
        rowsOf(key, schema, isOptional(shape[key]) ? "" : "required", link),
      )
      .map((row): OwnedRow => ({ ...row, component }));
  });
  const groups = grouped(rows, ({ name }) => name).flatMap((own) =>
    grouped(own, ({ values, meaning }) => `${values} ${meaning}`),
  );
  return rows.length === 0 ? "" : table(groups.map((same) => merged(same, names)));
}

/** A row of one of several components. */
interface OwnedRow extends Row {
  readonly component: string;
}

/** Rows that differ at most in component and default as one. */
function merged(rows: readonly OwnedRow[], names: readonly string[]): Row {
  const [first] = rows as [OwnedRow];
  const [usual, ...others] = grouped(rows, ({ implied }) => implied).sort(
    (a, b) => b.length - a.length,
  );
  const implied = [
    usual?.[0]?.implied,
    ...others.map((own) => `${own[0]?.implied} (${listed(own)})`),
  ].join("; ");
  return { ...first, name: first.name + ownersOf(rows, names), implied };
}

/** Which of the components of a table a row is for, where it is not for all. */
function ownersOf(rows: readonly OwnedRow[], names: readonly string[]): string {
  const others = names
    .filter((name) => !rows.some(({ component }) => component === name))
    .map((component) => ({ component }));
  if (others.length === 0) return "";
  return others.length < rows.length - 1 ? ` (all but ${listed(others)})` : ` (${listed(rows)})`;
}

function listed(rows: readonly { readonly component: string }[]): string {
  return rows.map(({ component }) => code(component)).join(", ");
}

/** Items with the same key together, in the order of their first ones. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

/** The keys of a config as a table. */
export function configTable(toolkit: Toolkit, link: LinkTo): string {
  const { properties, $defs } = configJsonSchema(toolkit) as Record<
    "properties" | "$defs",
    Readonly<Record<string, JsonSchema>>
  >;
  const rows = Object.entries(properties).flatMap(([key, schema]) => {
    // A component's key says what the component is for, unless it says more.
    const { description = $defs[key]?.description } = schema;
    return rowsOf(key, { ...schema, description }, "", link);
  });
  return table(rows);
}

/** On the site every kind of component has a page. */
const toReference: LinkTo = (noun, kind) => `[${noun}](/reference/${pageOfKind(kind)})`;

interface Branch {
  readonly if: { readonly properties: { readonly use: { readonly const: string } } };
  readonly then: { readonly properties: Readonly<Record<string, JsonSchema>> };
}

function has(plugin: Toolkit["plugins"][number], kind: Kind, name: string): boolean {
  const key = kind === "tasks" ? "tasks" : (`${kind}s` as const);
  return Object.hasOwn(plugin[key] ?? {}, name);
}

function isOptional(schema: { safeParse(value: unknown): { success: boolean } } | undefined) {
  return schema?.safeParse(undefined).success ?? false;
}

/** The row of an option, and those of the keys that its value may have. */
function rowsOf(name: string, schema: JsonSchema, absent: string, link: LinkTo): Row[] {
  // The keys of a map, or of each map in a list.
  const { properties: ofItems } = (schema.items ?? {}) as JsonSchema;
  const inner = (schema.properties ?? ofItems ?? {}) as Readonly<Record<string, JsonSchema>>;
  const prefix = schema.properties === undefined && ofItems ? `${name}[]` : name;
  const { default: implied, description = "" } = schema;
  const isEmpty = implied === undefined || JSON.stringify(implied) === "{}";
  const row = {
    name: code(name),
    values: valuesOf(schema, link),
    implied: isEmpty ? absent : code(implied),
    meaning: String(description),
  };
  return [
    row,
    ...Object.entries(inner).flatMap(([key, value]) => rowsOf(`${prefix}.${key}`, value, "", link)),
  ];
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, values, implied, meaning }) =>
    [name, values, implied, meaning].map(escaped).join(" | "),
  );
  return ["| option | values | default | meaning |", "| --- | --- | --- | --- |"]
    .concat(lines.map((line) => `| ${line} |`))
    .join("\n");
}

/** Text of a cell: no end of it, and no HTML. */
function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replace(/<(?=\S)/g, "&lt;");
}
