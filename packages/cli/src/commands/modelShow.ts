import { isAbsolute } from "node:path";
import {
  isLanguageModel,
  type LanguageModel,
  MetaError,
  type StoredWeights,
} from "@metalearn/core";
import { createToolkit } from "@metalearn/core/runs";
import { askedPlugins } from "../askedPlugins.js";
import type { PluginFlags } from "../flags.js";
import { weightsOf } from "../openCheckpoint.js";
import { paint } from "../paint.js";
import { requireUsed } from "../usedPlugins.js";

/** Flags of `metalearn model show`. */
export interface ModelShowFlags extends PluginFlags {
  readonly revision?: string;
  readonly json: boolean;
}

/** Description of a model that is not loaded. */
interface ModelDescription {
  readonly architecture: string;
  /** Absent where they are not known before the model is loaded, as with an adapter. */
  readonly parameters?: number;
  readonly weights?: StoredWeights | undefined;
  /** Context length in tokens. */
  readonly context: number;
  readonly tokenizer: {
    readonly name: string;
    readonly vocabularySize: number;
    readonly hasChatTemplate: boolean;
  };
  /** Estimated peak memory in bytes: of scoring, and of meta-updates by the kind of learner. */
  readonly memory?: Readonly<Record<MemoryUse, number>>;
  /** Activations of more tokens in a training step, which come on top. */
  readonly activations?: {
    readonly tokens: number;
    /** Least bytes, by the estimate of `--dry-run`. */
    readonly bytes: number;
  };
}

/**
 * Peak bytes per parameter of one update in float32: GPT-2 small, 256 tokens, batch 1, AdamW everywhere, as
 * measured in bench/RESULTS.md. Scoring holds the parameters alone.
 */
const bytesPerParameter = {
  "scoring, 8192 tokens at once": 4,
  "MetaICL, fine-tuning": 26,
  FOMAML: 42,
  "MAML, second order": 51,
} as const;

type MemoryUse = keyof typeof bytesPerParameter;

/** Tokens that evaluation scores in one batch. */
const scoredTokens = 8192;

/** Longest sequence that memory is told for. */
const mostTokens = 1024;

/** Prints what parameters are of, and what computing with them takes. None of them is loaded. */
export async function showModel(path: string, flags: ModelShowFlags): Promise<void> {
  const { revision } = flags;
  const weights = weightsOf(path);
  if (revision !== undefined && isAbsolute(weights)) {
    throw new MetaError(
      "BAD_OPTION",
      `--revision is of models on the hub, but ${path} is a local path. Leave it out, or name a model as owner/name.`,
    );
  }
  const toolkit = createToolkit(await askedPlugins(flags));
  const reference = { use: "auto", weights, ...(revision !== undefined && { revision }) };
  await requireUsed(flags.plugin, reference);
  const scope = toolkit.open({
    seed: 0,
    references: { model: reference },
    notify: (message) => console.error(message),
  });
  try {
    const model = await scope.get("model");
    if (!isLanguageModel(model)) {
      throw new MetaError(
        "BAD_CHECKPOINT",
        `${path}: expected a language model, got ${model.name}.`,
      );
    }
    const description = describe(model);
    console.log(flags.json ? JSON.stringify(description, null, 2) : table(path, description));
  } finally {
    await scope.dispose();
  }
}

function describe(model: LanguageModel): ModelDescription {
  const { name, maxTokens, tokenizer, weights } = model;
  return {
    architecture: name,
    ...sizeOf(model),
    weights,
    context: maxTokens,
    tokenizer: {
      name: tokenizer.name,
      vocabularySize: tokenizer.vocabularySize,
      hasChatTemplate: tokenizer.applyChatTemplate !== undefined,
    },
  };
}

function sizeOf(
  model: LanguageModel,
): Pick<ModelDescription, "parameters" | "memory" | "activations"> {
  if (!model.parameterShapes) return {};
  const parameters = Object.values(model.parameterShapes).reduce(
    (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const context = Math.min(model.maxTokens, mostTokens);
  const scoring = scoredTokens * (model.bytesPerToken?.(context) ?? 0);
  const memory = Object.entries(bytesPerParameter).map(([use, bytes]) => [
    use,
    bytes * parameters + (use.startsWith("scoring") ? scoring : 0),
  ]);
  const bytes = model.bytesPerToken && context * model.bytesPerToken(context);
  return {
    parameters,
    memory: Object.fromEntries(memory),
    ...(bytes !== undefined && { activations: { tokens: context, bytes } }),
  };
}

function table(path: string, description: ModelDescription): string {
  const { architecture, parameters, weights, context, tokenizer, memory, activations } =
    description;
  const row = (label: string, text: string) => `  ${label.padEnd(11)}${text}`;
  const { name, vocabularySize, hasChatTemplate } = tokenizer;
  const chat = hasChatTemplate ? ", with a chat template" : "";
  const uses = Object.entries(memory ?? {}).map(([use, bytes], i) =>
    row(i === 0 ? "memory" : "", `about ${gigabytes(bytes).padStart(6)} GB  ${use}`),
  );
  return [
    paint("bold", path, process.stdout),
    row("model", `${architecture}${parameters === undefined ? "" : `, ${millions(parameters)}`}`),
    ...(weights ? [row("weights", storedText(weights))] : []),
    row("context", `${context} tokens`),
    row("tokenizer", `${name}, ${vocabularySize} tokens${chat}`),
    ...uses,
    ...(memory ? memoryNotes(activations).map((text) => row("", text)) : []),
  ].join("\n");
}

/** Sentences on the contents of the estimates. */
function memoryNotes(activations: ModelDescription["activations"]): string[] {
  return [
    "in float32. Scoring: parameters and activations of its batch. Updates: all parameters,",
    "their gradients, AdamW's moments and the activations of one sequence of 256 tokens,",
    "as measured for GPT-2 small. More or longer sequences come on top" +
      (activations
        ? `: at least ${gigabytes(activations.bytes)} GB for ${activations.tokens} tokens`
        : ""),
  ];
}

function storedText({ files, bytes, types }: StoredWeights): string {
  const counts = Object.entries(types)
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${count} ${type}`);
  const many = files.length > 1 ? `${files.length} files, ` : "";
  return `${many}${(bytes / 1e6).toFixed(1)} MB, tensors: ${counts.join(", ")}`;
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(1)} million parameters`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
