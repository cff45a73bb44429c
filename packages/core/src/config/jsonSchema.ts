import { z } from "zod";
import type { Kind } from "../plugin/components.js";
import { pluginKeys } from "../plugin/plugin.js";
import { isOfCode, referencedKind } from "../plugin/reference.js";
import type { Toolkit } from "../plugin/toolkit.js";
import { fileSchema, runSchema } from "./schema.js";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const descriptions: Readonly<Record<Kind, string>> = {
  runtime: "Engine that computes. Default: the fastest one that is installed.",
  model: "Model to meta-train.",
  adapter: "Adapter that adds parameters to the model, such as `lora`.",
  tasks: "Dataset to train and evaluate on.",
  learner: "Meta-learning algorithm. Without one, the model is evaluated as it is.",
  optimizer: "Outer optimizer, for meta-updates.",
  tracker: "Service that metrics are also sent to, in addition to the run's folder.",
  launcher: "Launcher of a comparison's runs. Default: this process, one run after the other.",
};

/**
 * Makes the JSON Schema (draft 2020-12) of config files with the toolkit's components, for editors. No key
 * is required, since a file may extend others; missing ones are reported when the config is read.
 */
export function configJsonSchema(toolkit: Toolkit): JsonSchema {
  const run = propertiesOf(runSchema);
  const file = propertiesOf(fileSchema);
  const compare = file.compare as { properties: Record<string, object> };
  const changes = { type: "object", properties: { ...run, sweep: file.sweep } };
  const kinds = Object.keys(pluginKeys) as Kind[];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A config of metalearn",
    type: "object",
    properties: {
      $schema: { type: "string", description: "URL or path of this schema, for editors." },
      ...file,
      ...run,
      compare: {
        ...compare,
        required: undefined,
        properties: {
          ...compare.properties,
          runs: {
            ...compare.properties.runs,
            additionalProperties: { $ref: "#/$defs/changes" },
          },
        },
      },
    },
    additionalProperties: false,
    $defs: {
      changes: { ...changes, additionalProperties: false },
      ...Object.fromEntries(kinds.map((kind) => [kind, componentSchema(toolkit, kind)])),
    },
  };
}

/** Schema of a component: `use` selects the known options, and `null` removes the component. */
function componentSchema(toolkit: Toolkit, kind: Kind): JsonSchema {
  const names = toolkit.names(kind);
  const description = descriptions[kind];
  if (names.length === 0) return { description, type: "null" };
  return {
    description,
    type: ["object", "null"],
    properties: { use: { description: "Its name.", enum: names } },
    allOf: names.map((use) => ({
      if: { type: "object", properties: { use: { const: use } }, required: ["use"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: {
        properties: {
          use: { const: use, description: "Its name." },
          ...propertiesOf(toolkit.options(kind, use)),
        },
        additionalProperties: false,
      },
    })),
  };
}

/** JSON Schema of an object's properties, with components as references to `$defs`. */
function propertiesOf(schema: z.ZodType): Record<string, unknown> {
  const { properties } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const kind = referencedKind(zodSchema);
      if (kind !== undefined) {
        for (const key of Object.keys(jsonSchema)) {
          if (key !== "description") delete (jsonSchema as Record<string, unknown>)[key];
        }
        jsonSchema.$ref = `#/$defs/${kind}`;
      }
      dropBranchesOfCode(zodSchema, jsonSchema);
      delete jsonSchema.readOnly; // comes from z.readonly(), which only concerns code
      // The range of z.int() is no information for a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return properties ?? {};
}

/** Removes the branches of a union that only code can provide, such as functions. */
function dropBranchesOfCode(
  schema: z.core.$ZodType,
  jsonSchema: z.core.JSONSchema.BaseSchema,
): void {
  const { def } = schema._zod;
  if (def.type !== "union") return;
  const { options } = def as z.core.$ZodUnionDef;
  const kept = jsonSchema.anyOf?.filter((_, i) => !isOfCode(options[i]));
  if (!kept || kept.length === jsonSchema.anyOf?.length) return;
  jsonSchema.anyOf = kept;
  if (kept.length > 1) return;
  delete jsonSchema.anyOf;
  Object.assign(jsonSchema, { ...kept[0], ...jsonSchema });
}
