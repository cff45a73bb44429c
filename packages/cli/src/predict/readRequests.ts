import { createReadStream } from "node:fs";
import {
  type Demonstration,
  isMetaError,
  MetaError,
  messageOf,
  type PromptRequest,
  parseOptions,
} from "@metalearn/core";
import { z } from "zod";
import { type TextLine, textLines } from "./textLines.js";

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
const request = z.strictObject({
  input: z.string(),
  options: z.array(z.string()).optional(),
  demonstrations: z.array(demonstration).optional(),
  task: z.string().optional(),
  /** The right answer in a row of a data file, which is not asked for. */
  output: z.unknown().optional(),
});

/** A question, and its place in messages: `stdin:3`, or `the question` of the command line. */
export interface AskedRequest {
  readonly request: PromptRequest;
  readonly where: string;
}

/**
 * The questions to ask: the one of the command line, or one for each line of JSON.
 *
 * @param lines read as they come, so that each is answered at once
 * @throws MetaError `BAD_DATA`, naming the line; `BAD_OPTION` for a single option
 */
export async function* readRequests(
  given: RequestDefaults,
  lines: AsyncIterable<string | Buffer>,
): AsyncGenerator<AskedRequest> {
  if (given.input !== undefined) {
    const where = "the question";
    yield { where, request: withOptions({ ...given, input: given.input }, where, given) };
    return;
  }
  for await (const line of textLines(lines, "stdin")) {
    const { where } = line;
    if (line.text.trim() === "") continue;
    const { input, task, ...own } = parseLine(line, request);
    const demonstrations = own.demonstrations ?? given.demonstrations;
    const options = own.options ?? given.options;
    yield { where, request: withOptions({ input, task, demonstrations, options }, where, given) };
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
  const demonstrations: Demonstration[] = [];
  try {
    for await (const line of textLines(createReadStream(path), path)) {
      if (line.text.trim() !== "") demonstrations.push(parseLine(line, demonstration));
    }
  } catch (cause) {
    if (isMetaError(cause)) throw cause;
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  return demonstrations;
}

function parseLine<S extends z.ZodObject>({ text, where }: TextLine, schema: S): z.output<S> {
  let json: z.input<S>;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new MetaError("BAD_DATA", `${where}: the line is not JSON: ${reason}.`, { cause });
  }
  try {
    return parseOptions(schema, json);
  } catch (cause) {
    if (!isMetaError(cause)) throw cause;
    throw new MetaError("BAD_DATA", `${where}: ${cause.detail}`, { cause });
  }
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
