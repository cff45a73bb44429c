import { isMetaError, MetaError, type PromptRequest, parseOptions } from "@metalearn/core";
import { type GenerationOptions, generationOptions } from "@metalearn/core/runs";

/** Flags of answers in free text, by the names of their options in code. */
const flagNames = {
  maxNewTokens: "--max-new-tokens",
  temperature: "--temperature",
  topK: "--top-k",
  topP: "--top-p",
  stop: "--stop",
  seed: "--seed",
} as const;

type Name = keyof typeof flagNames;

/** Values of the flags; absent ones were not given. */
export type GenerationFlags = { readonly [K in Name]?: GenerationOptions[K] };

/**
 * Options of generation that the command line gives; others keep their defaults.
 *
 * @throws MetaError `BAD_OPTION`, naming flags, for values out of range, and for a seed where nothing is drawn
 */
export function generationOf(flags: GenerationFlags): GenerationOptions {
  const given = givenFlags(flags);
  const options = Object.fromEntries(given.map((name) => [name, flags[name]]));
  namingFlags(() => parseOptions(generationOptions, options));
  if (flags.seed === undefined || flags.temperature) return options;
  throw new MetaError(
    "BAD_OPTION",
    "--seed decides which tokens are drawn, but at temperature 0 none are. Set --temperature above 0, such as 1, or leave it out.",
  );
}

/**
 * Checks that flags of free text go with a question that is answered in free text.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function requireFreeText({ options }: PromptRequest, flags: GenerationFlags): void {
  const given = givenFlags(flags);
  if (options.length === 0 || given.length === 0) return;
  throw new MetaError(
    "BAD_OPTION",
    `Expected ${listOf(given)} with an answer in free text, but the question has ${options.length} options, which are ranked. Leave out the one or the other; where the options are the answers of demonstrations, add --generate.`,
  );
}

/** Message about flags of free text where no question was answered so. */
export function unusedFlags(flags: GenerationFlags): string | undefined {
  const given = givenFlags(flags);
  if (given.length === 0) return undefined;
  return `${listOf(given)} had no effect: every question had options, which were ranked.`;
}

/** Runs a function, in whose errors flags stand for the options of generation. */
export function namingFlags<T>(work: () => T): T {
  try {
    const result = work();
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw withFlagNames(error);
    }) as T;
  } catch (error) {
    throw withFlagNames(error);
  }
}

function withFlagNames(error: unknown): unknown {
  if (!isMetaError(error)) return error;
  // The command truncates prompts itself, where that loses demonstrations only.
  let detail = error.detail.replace(
    ", lower maxNewTokens, or set truncatePrompt",
    ", or lower maxNewTokens",
  );
  for (const [name, flag] of Object.entries(flagNames)) {
    const option = /[A-Z]/.test(name)
      ? new RegExp(`\\b${name}\\b`, "g")
      : new RegExp(`^${name}:`, "gm");
    detail = detail.replace(option, (found) => (found.endsWith(":") ? `${flag}:` : flag));
  }
  return new MetaError(error.code, detail, { cause: error });
}

function givenFlags(flags: GenerationFlags): Name[] {
  return (Object.keys(flagNames) as Name[]).filter((name) => flags[name] !== undefined);
}

function listOf(names: readonly Name[]): string {
  return names.map((name) => flagNames[name]).join(", ");
}
