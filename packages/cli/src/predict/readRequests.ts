import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type Demonstration, MetaError, messageOf, type PromptRequest } from "@metalearn/core";
import { z } from "zod";

/** Parts of every question that the command line gives. */
export interface RequestDefaults {
  /** The only question; without one, questions are read from a stream. */
  readonly input?: string | undefined;
  readonly options: readonly string[];
  readonly demonstrations: readonly Demonstration[];
  /** Answers in free text even where demonstrations have answers to choose from. */
  readonly isFreeForm?: boolean;
}

const output = z.union([
  z.string(),
  z
    .array(z.string())
    .min(1)
    .transform((all) => all[0] as string),
]);
/** Rows of data files have more keys than are needed. */
const demonstration = z.object({ input: z.string(), output });
const request = z.object({
  input: z.string(),
  options: z.array(z.string()).optional(),
  demonstrations: z.array(demonstration).optional(),
  task: z.string().optional(),
});

/**
 * The questions to ask: the one of the command line, or one for each line of JSON.
 *
 * @param lines read as they come, so that each is answered at once
 * @throws MetaError `BAD_DATA`, naming the line; `BAD_OPTION` for a single option
 */
export async function* readRequests(
  given: RequestDefaults,
  lines: NodeJS.ReadableStream,
): AsyncGenerator<PromptRequest> {
  if (given.input !== undefined) {
    yield withOptions({ ...given, input: given.input }, "the question", given);
    return;
  }
  let number = 0;
  for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === "") continue;
    const where = `stdin:${number}`;
    const { input, task, ...own } = parseLine(line, request, where);
    const demonstrations = own.demonstrations ?? given.demonstrations;
    const options = own.options ?? given.options;
    yield withOptions({ input, task, demonstrations, options }, where, given);
  }
}

/** Demonstrations from the command line, such as `"what a film => good"`. @throws MetaError `BAD_OPTION` */
export function parseDemonstration(text: string): Demonstration {
  const at = text.lastIndexOf("=>");
  if (at !== -1) return { input: text.slice(0, at).trim(), output: text.slice(at + 2).trim() };
  throw new MetaError(
    "BAD_OPTION",
    `expected a demonstration as "input => output", got ${JSON.stringify(text)}.`,
  );
}

/** Demonstrations from a file of JSON lines, such as a task's k-shot file. @throws MetaError */
export async function readDemonstrations(path: string): Promise<Demonstration[]> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  const lines = text.split("\n").map((line, i) => ({ line, where: `${path}:${i + 1}` }));
  return lines
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, where }) => parseLine(line, demonstration, where));
}

function parseLine<S extends z.ZodType>(line: string, schema: S, where: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new MetaError("BAD_DATA", `${where}: the line is not JSON: ${reason}.`, { cause });
  }
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const key = issue?.path.join(".");
  throw new MetaError("BAD_DATA", `${where}: ${key ? `"${key}": ` : ""}${issue?.message}.`);
}

/**
 * Without options, different answers of the demonstrations are what may be answered; where there are not two,
 * options stay empty, and the answer is free text.
 */
function withOptions(
  asked: PromptRequest,
  where: string,
  { isFreeForm = false }: RequestDefaults,
): PromptRequest {
  const { input, demonstrations, task } = asked;
  const request = { input, demonstrations, task };
  const given = [...new Set(asked.options)];
  if (given.length === 0) {
    const answers = [...new Set(demonstrations.map(({ output }) => output))];
    return { ...request, options: isFreeForm || answers.length < 2 ? [] : answers };
  }
  if (isFreeForm) {
    throw new MetaError(
      "BAD_OPTION",
      `${where}: expected no options for an answer in free text, got ${given.length}. Leave out the options, or --generate and --chat.`,
    );
  }
  if (given.length >= 2) return { ...request, options: given };
  throw new MetaError(
    "BAD_OPTION",
    `${where}: a question needs at least 2 options to choose from, or none for an answer in free text, but has ${given.length}.`,
  );
}
