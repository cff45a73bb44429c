import { z } from "zod";
import type { Kind } from "../plugin/components.js";
import { pluginKeys } from "../plugin/plugin.js";
import { isOfCode, referencedKind } from "../plugin/reference.js";
import type { Toolkit } from "../plugin/toolkit.js";
import { fileSchema, runSchema } from "./schema.js";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const descriptions: Readonly<Record<Kind, string>> = {
  runtime: "The engine that computes. Default: the fastest one that is installed.",
  model: "The model that is meta-trained.",
  adapter: "Gives the model more parameters, such as `lora`.",
  tasks: "What is trained and evaluated on.",
  learner: "How the model is meta-trained. Without one it is evaluated as it is.",
  optimizer: "How gradients change parameters.",
  tracker: "Where metrics go besides the run's folder.",
  launcher:
    "What carries out the runs of a comparison. Default: this process, one after the other.",
};

/**
 * The JSON Schema (draft 2020-12) of a config file that may name the toolkit's components, for
 * editors. Every part may be incomplete, since a file may be laid over others: what is missing is
 * found when the config is read.
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
      $schema: { type: "string", description: "Where this schema is, for editors." },
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

/** A component: the options that are known depend on the factory, and `null` takes it away. */
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

/** The properties of an object, with components as references to `$defs`. */
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
      delete jsonSchema.readOnly; // of a list that code may give as a readonly one
      // What z.int() says of every number is of no use to a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return properties ?? {};
}

/** Takes the branches of a union that only code can give, such as functions, out of it. */
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
