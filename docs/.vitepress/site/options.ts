import type { Kind } from "@metalearn/core";
import { configJsonSchema, type JsonSchema, type Toolkit } from "@metalearn/core/runs";
import { code, valuesOf } from "./values.js";

/** A row of a table of options. */
interface Row {
  readonly name: string;
  readonly schema: JsonSchema;
  /** What stands for the default where there is none. */
  readonly absent: string;
}

/** What each kind of component is for, before its list. */
const introductions: Readonly<Record<Kind, string>> = {
  learner: "How the model is meta-trained: the key `learner` of a config.",
  tasks: "What is trained and evaluated on: the key `tasks` of a config.",
  model: "What is meta-trained: the key `model` of a config.",
  adapter: "More parameters for the model: the key `adapter` of a config.",
  optimizer:
    "How gradients change parameters: the key `optimizer` of a config, and `innerOptimizer` of learners.",
  runtime: "The engine that computes: the key `runtime` of a config.",
  tracker: "Where metrics go besides the run's folder: the key `tracker` of a config.",
  launcher: "What carries out the runs of a comparison: the key `launcher` of a config.",
};

const configIntroduction =
  "The keys of `metalearn.config.yaml`. `model` and `tasks` are wanted in every run; whatever has no default may be left out. Runs under `compare.runs` may change any of them. [The guide for experimenters](/guides/experimenter) has whole configs.";

/** The page of a kind: a table of options for each component, from the schemas of the plugins. */
export function componentsPage(toolkit: Toolkit, kind: Kind): string {
  const { $defs } = configJsonSchema(toolkit) as { $defs: Record<Kind, JsonSchema> };
  const branches = ($defs[kind].allOf ?? []) as readonly Branch[];
  const sections = toolkit.names(kind).map((name) => {
    const options = toolkit.options(kind, name);
    const { then } = branches.find(({ if: when }) => when.properties.use.const === name) as Branch;
    const rows = Object.entries(then.properties)
      .filter(([key]) => key !== "use")
      .flatMap(([key, schema]) =>
        rowsOf(key, schema, isOptional(options.shape[key]) ? "" : "required"),
      );
    const from = toolkit.plugins.find((plugin) => has(plugin, kind, name))?.name ?? "";
    return [
      `## \`${name}\``,
      `${options.description ?? ""} From [${from}](/${from.replace("@metalearn/", "packages/")}).`,
      rows.length === 0 ? "It has no options." : table(rows),
    ].join("\n\n");
  });
  return [introductions[kind], ...sections].join("\n\n");
}

/** The page of the keys of a config. */
export function configPage(toolkit: Toolkit): string {
  const { properties, $defs } = configJsonSchema(toolkit) as Record<
    "properties" | "$defs",
    Readonly<Record<string, JsonSchema>>
  >;
  const rows = Object.entries(properties).flatMap(([key, schema]) => {
    // A component's key says what the component is for, unless it says more.
    const { description = $defs[key]?.description } = schema;
    return rowsOf(key, { ...schema, description }, "");
  });
  return [configIntroduction, table(rows)].join("\n\n");
}

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
function rowsOf(name: string, schema: JsonSchema, absent: string): Row[] {
  const inner = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  return [
    { name, schema, absent },
    ...Object.entries(inner).flatMap(([key, value]) => rowsOf(`${name}.${key}`, value, "")),
  ];
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, schema, absent }) => {
    const { default: implied, description } = schema;
    const isEmpty = implied === undefined || JSON.stringify(implied) === "{}";
    return [
      code(name),
      valuesOf(schema),
      isEmpty ? absent : code(implied),
      String(description ?? ""),
    ]
      .map((cell) => cell.replaceAll("|", "\\|").replaceAll("<", "&lt;"))
      .join(" | ");
  });
  return ["| option | values | default | meaning |", "| --- | --- | --- | --- |"]
    .concat(lines.map((line) => `| ${line} |`))
    .join("\n");
}
