import { resolve } from "node:path";
import {
  type FactoryContext,
  MetaError,
  type Model,
  type ModelAdapter,
  parseOptions,
} from "@metalearn/core";
import { z } from "zod";
import { weightsOptions, weightsSource } from "../checkpoint/openPretrained.js";
import { type FoundAdapter, type FoundModel, findWeights } from "./findWeights.js";

const { weights, revision } = weightsOptions("HuggingFaceTB/SmolLM2-135M");

export const autoOptions = z
  .strictObject({
    weights: weights
      .unwrap()
      .describe(
        "Published parameters: a folder (`./checkpoint`), a GGUF or another file (`./model.gguf`), a run (`./runs/maml-seed1`), an adapter in PEFT's format, or a model on the hub (`HuggingFaceTB/SmolLM2-135M`).",
      ),
    revision,
    heads: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Attention heads of a file of GPT-2's tensors that does not determine them. Default: those of the published model of that width.",
      ),
    tokenizer: z
      .string()
      .optional()
      .describe(
        "Tokenizer, as the model that opens the `weights` takes it. Default: the one beside them.",
      ),
  })
  .describe(
    "A language model from its `weights` alone: reads there which architecture they are of, and opens them with the model that a plugin has for it.",
  );

/** Options of {@link openAuto}. */
export type AutoOptions = z.input<typeof autoOptions>;

type AutoContext = Pick<FactoryContext, "create" | "notify" | "path" | "plugins">;

/**
 * Opens a language model of any architecture that a plugin provides: by `model_type` of a checkpoint's config.json,
 * or by the architecture of a GGUF file. An adapter comes with the base model that it names.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for an architecture that no plugin opens, and for an adapter that
 *   names no base model; the errors of the model that opens the weights
 */
export async function openAuto(given: AutoOptions, context: AutoContext): Promise<Model> {
  const { tokenizer, heads, ...named } = parseOptions(autoOptions, given);
  const { source, hub } = weightsSource(named, context);
  const found = await findWeights(source, hub);
  const shared = {
    ...(tokenizer !== undefined && { tokenizer }),
    ...(heads !== undefined && { heads }),
  };
  if (found.kind === "model") return openModel({ ...found, source }, shared, context);
  const baseSource = baseOf(found, context.plugins);
  const base = await findWeights(baseSource, hub);
  if (base.kind === "model") {
    const model = await openModel({ ...base, source: baseSource }, shared, context);
    return withAdapter(model, found, context);
  }
  throw new MetaError(
    "BAD_CHECKPOINT",
    `${found.path}: base_model_name_or_path: expected a model, got the adapter ${base.path}.`,
  );
}

async function openModel(
  { path, modelType, adapters, source }: FoundModel & { readonly source: string },
  shared: Pick<AutoOptions, "heads" | "tokenizer">,
  context: AutoContext,
): Promise<Model> {
  const use = modelFor(modelType, path, context.plugins);
  let model: Model = await context.create("model", { use, weights: path, ...shared });
  if (model.weights) model = { ...model, weights: { ...model.weights, source } };
  for (const adapter of adapters) model = await withAdapter(model, adapter, context);
  return model;
}

/**
 * Name of the model that opens checkpoints of a `model_type`.
 *
 * @throws MetaError `BAD_CHECKPOINT`
 */
function modelFor(modelType: string, source: string, plugins: FactoryContext["plugins"]): string {
  const known = declared(plugins, "checkpoints");
  if (Object.hasOwn(known, modelType)) return known[modelType] as string;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `${source} is of the architecture "${modelType}", expected one of ${Object.keys(known).sort().join(", ")}. Is the plugin of another listed under "plugins"?`,
  );
}

/**
 * Name of the adapter that opens those of PEFT's type.
 *
 * @throws MetaError `BAD_CHECKPOINT`
 */
function adapterFor({ path, type }: FoundAdapter, plugins: FactoryContext["plugins"]): string {
  const known = declared(plugins, "peftTypes");
  if (Object.hasOwn(known, type)) return known[type] as string;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `${path} is an adapter of type ${type}, expected one of ${Object.keys(known).sort().join(", ")}. Is the plugin of another listed under "plugins"?`,
  );
}

/** The names that all plugins declare for kinds of files. */
function declared(
  plugins: FactoryContext["plugins"],
  key: "checkpoints" | "peftTypes",
): Readonly<Record<string, string>> {
  return Object.assign({}, ...plugins.map((plugin) => plugin[key]));
}

/** @throws MetaError `BAD_CHECKPOINT` */
function baseOf(found: FoundAdapter, plugins: FactoryContext["plugins"]): string {
  if (found.base?.startsWith(".")) return resolve(found.path, found.base);
  if (found.base !== undefined) return found.base;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `${found.path} is an adapter, and names no base model. Name both: model: { weights: BASE }, adapter: { use: ${adapterFor(found, plugins)}, weights: ${found.path} }.`,
  );
}

async function withAdapter(
  model: Model,
  found: FoundAdapter,
  { create, plugins }: Pick<AutoContext, "create" | "plugins">,
): Promise<Model> {
  const use = adapterFor(found, plugins);
  const adapt: ModelAdapter = await create("adapter", { use, weights: found.path });
  return adapt(model);
}
