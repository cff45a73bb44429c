import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokenBatch, TokenSequence } from "@metalearn/core";
import { type CrossfitOptions, crossfit } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { committed, readGoldenJson } from "../support/golden.js";

interface Row {
  readonly input: string;
  readonly output: string;
  readonly options: string[];
}

interface Task {
  readonly type: string;
  readonly options: string[] | null;
  readonly train: Row[];
  readonly test?: Row[];
}

/** Tokens before the scored ones, and those: ids, or bytes as letters of Latin-1. */
type Written = Readonly<Record<"read" | "scored", string | number[]>>;

/** By task, row, and option or order of demonstrations. */
type Sequences = Readonly<Record<string, Written[][]>>;

interface Case {
  readonly tokenizer: "byte" | "gpt2";
  readonly options: Pick<
    Required<CrossfitOptions>,
    "method" | "style" | "separatorCompat" | "shots" | "maxTokens" | "maxExampleTokens"
  >;
  readonly questions: Sequences;
  readonly neutral?: Sequences;
  readonly training: Sequences;
}

const { tasks, cases } = readGoldenJson<{
  readonly tasks: Record<string, Task>;
  readonly cases: Record<string, Case>;
}>(committed, "prompts/sequences.json");

const tokenizers = { byte: byteTokenizer, gpt2: gpt2Tokenizer };
const seed = 100;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "prompts-"));
});
afterAll(() => rm(root, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
}

/** The tasks of a case as files in MetaICL's layout, opened. */
async function open(name: string, { tokenizer, options, questions, training }: Case) {
  const setting = name.replaceAll(/\W+/g, "_");
  const lists = { train: Object.keys(training), test: Object.keys(questions) };
  await write(`config/${setting}.json`, JSON.stringify({ ...lists, unseen_domain_test: [] }));
  for (const [task, { type, options: labels, train, test }] of Object.entries(tasks)) {
    const config = { task_type: type, options: labels };
    await write(`config/tasks/${task}.json`, JSON.stringify(config));
    const lines = (rows: Row[]) =>
      rows.map((row) => `${JSON.stringify({ task, ...row })}\n`).join("");
    await write(`${task}/${task}_16384_${seed}_train.jsonl`, lines(train));
    if (!test) continue;
    const shots = Math.max(1, options.shots); // without demonstrations any file serves
    await write(`${task}/${task}_${shots}_${seed}_train.jsonl`, lines(train.slice(0, shots)));
    await write(`${task}/${task}_${shots}_${seed}_test.jsonl`, lines(test));
  }
  return crossfit({
    root,
    setting,
    tokenizer: tokenizers[tokenizer],
    cache: false,
    ...options,
  });
}

const asIds = (part: string | number[]) =>
  typeof part === "string" ? [...Buffer.from(part, "latin1")] : part;

const asSequence = ({ read, scored }: Written): TokenSequence => ({
  ids: [...asIds(read), ...asIds(scored)],
  scoredFrom: read.length,
});

/** The only sequence of a batch, as tokens and the first one that is scored. */
function sequenceIn({ inputIds, scoredPositions }: TokenBatch): string {
  return JSON.stringify([inputIds.arraySync()[0], Number(scoredPositions.dataSync()[0]) + 1]);
}

/** The same of a sequence. Nothing predicts the very first token. */
function scoredSequence({ ids, scoredFrom }: TokenSequence): string {
  return JSON.stringify([ids, Math.max(1, scoredFrom)]);
}

describe.each(Object.entries(cases))("prompts are written as MetaICL's: %s", (name, expected) => {
  test("questions", async () => {
    const { targets } = await open(name, expected);
    expect(targets.map((target) => target.name)).toEqual(Object.keys(expected.questions));
    for (const target of targets) {
      const questions = await target.questions(seed);
      const wanted = expected.questions[target.name]?.map((row) => row.map(asSequence));
      expect(questions.map(({ sequences }) => sequences)).toEqual(wanted);
    }
  });

  test("questions about nothing", async () => {
    const { targets } = await open(name, expected);
    for (const target of targets) {
      const questions = await target.neutralQuestions?.(seed);
      const wanted = expected.neutral?.[target.name]?.map((row) => row.map(asSequence));
      expect(questions?.map(({ sequences }) => sequences)).toEqual(wanted);
    }
  });

  test("what is trained on: each row once, after other rows of its task", async () => {
    const source = await open(name, expected);
    const sampler = source.sampler({ seed: 1, batchSize: 1 });
    const rows = Object.entries(expected.training).flatMap(([task, byRow]) =>
      byRow.map((orders) => ({ task, orders: orders.map(asSequence).map(scoredSequence) })),
    );
    const shape = { tasks: 1, support: 0, query: 1, querySource: "same-task" } as const;
    const drawn = rows.map(() => {
      const [episode] = sampler.next({ ...shape, unit: "mixture" });
      return { task: episode?.tasks[0], sequence: sequenceIn(episode?.query as TokenBatch) };
    });
    // A sequence may be that of several rows where little is left of them: each is taken once.
    for (const { task, sequence } of drawn) {
      const found = rows.findIndex((row) => row.task === task && row.orders.includes(sequence));
      expect(found, `${task}: ${sequence}`).toBeGreaterThanOrEqual(0);
      rows.splice(found, 1);
    }
    expect(rows).toEqual([]);
  });
});
