import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { beforeEach, describe, expect, test } from "vitest";
import { checkConfig } from "../src/config/checkConfig.js";
import { runsOf } from "../src/config/runsOf.js";
import { readEvaluation } from "../src/run/record/evaluationRecord.js";
import { type RunRecord, readRunRecord, runDirectory } from "../src/run/record/runDirectory.js";
import { appendMetrics, readMetrics, rewindMetrics } from "../src/run/record/runMetrics.js";
import { openScoreLog } from "../src/run/record/scoreLog.js";
import { openLine, sealLine } from "../src/run/record/sealedLine.js";

const inFolder = temporaryFolder();
const files = () => runDirectory(inFolder());

/** Files that differ from `whole` in one bit, one for each byte. */
function* flipped(whole: Buffer): Generator<Buffer> {
  for (const [at, byte] of whole.entries()) {
    const bytes = Buffer.from(whole);
    bytes[at] = byte ^ (1 << (at % 8));
    yield bytes;
  }
}

test("the checksum of a line is the CRC-32 of the text before it", () => {
  // 0xab5a4c4f: zlib.crc32(b'{"update":1,"loss":3.5') of Python 3.
  expect(sealLine({ update: 1, loss: 3.5 })).toBe('{"update":1,"loss":3.5,"checksum":"ab5a4c4f"}');
  expect(openLine(sealLine({ a: 1 }), true)).toEqual({ a: 1 });
  expect(openLine('{"a":1}', false)).toEqual({ a: 1 });
  expect(openLine('{"a":1}', true)).toBeUndefined();
});

describe("metrics", () => {
  const lines = [1, 2, 3].map((update) => ({ update, loss: 4 - update, seconds: 10 * update }));
  beforeEach(async () => {
    for (const line of lines) await appendMetrics(files(), line);
  });

  test("with any bit flipped keep every other line as it was", async () => {
    const whole = await readFile(files().metrics);
    const texts = new Set(lines.map((line) => JSON.stringify(line)));
    for (const bytes of flipped(whole)) {
      await writeFile(files().metrics, bytes);
      const read = await readMetrics(inFolder());
      expect(read.length).toBeGreaterThanOrEqual(1); // a lost newline joins two lines
      // A flip in the word "checksum" leaves a key of another name, but the numbers as they were.
      for (const { update, loss, seconds } of read) {
        expect(texts).toContain(JSON.stringify({ update, loss, seconds }));
      }
    }
  });

  test("with a line of NUL bytes are read without it, say so, and are rewound without it", async () => {
    await appendFile(files().metrics, `${"\0".repeat(50)}\n`);
    const said: string[] = [];
    expect(await readMetrics(inFolder(), (text) => said.push(text))).toEqual(lines);
    expect(said).toEqual([
      `${files().metrics}: 1 of 4 lines are damaged and left out (line 4). Curves and totals lack them; checkpoints and scores do not depend on them.`,
    ]);
    await rewindMetrics(files(), 2, (text) => said.push(text));
    expect(said).toHaveLength(2);
    expect(await readMetrics(inFolder(), (text) => said.push(text))).toEqual(lines.slice(0, 2));
    expect(said).toHaveLength(2);
  });

  test("of an earlier version, without checksums, are read", async () => {
    await writeFile(files().metrics, '{"update":1,"loss":3}\n["no record"]\n{"loss":2}\n');
    expect(await readMetrics(inFolder())).toEqual([{ update: 1, loss: 3 }]);
  });
});

test("a score with any bit flipped is computed again", async () => {
  const file = inFolder("scores.jsonl");
  const score = { seed: 13, score: 0.5, questions: 4, chance: 0.25 };
  await (await openScoreLog(file, "k")).add("poem", score);
  expect((await openScoreLog(file, "k")).find("poem", 13)).toEqual(score);
  const whole = await readFile(file);
  for (const bytes of flipped(whole)) {
    await writeFile(file, bytes);
    const found = (await openScoreLog(file, "k")).find("poem", 13);
    if (bytes[0] === whole[0])
      expect(found).toBeUndefined(); // the first byte is a newline
    else expect(found === undefined || found.score === 0.5).toBe(true);
  }
});

const evaluation = {
  format: 1,
  seeds: [1, 2],
  seconds: 5,
  compileSeconds: 0,
  peakBytes: 1e9,
  tasks: [
    {
      task: "poem",
      metric: "accuracy",
      unseenDomain: false,
      seeds: [
        { seed: 1, score: 0.75, questions: 4, chance: 0.5 },
        { seed: 2, score: 0.25, questions: 4, chance: 0.5 },
      ],
      mean: 0.5,
      worst: 0.25,
      chance: 0.5,
    },
  ],
  all: { tasks: 1, mean: 0.5, worst: 0.25, chance: 0.5 },
};

describe("evaluation.json", () => {
  const reading = async (content: unknown) => {
    await writeFile(files().evaluation, JSON.stringify(content));
    return readEvaluation(inFolder());
  };
  const [task] = evaluation.tasks as [(typeof evaluation.tasks)[number]];

  test("is read as it was written", async () => {
    expect(await reading(evaluation)).toEqual(evaluation);
  });

  test.each([
    [
      "a score of 7",
      { all: { ...evaluation.all, mean: 7 } },
      "all.mean: expected a score of at most 1, got 7.",
    ],
    ["null", { all: { ...evaluation.all, mean: null } }, "all.mean: expected a number, got null."],
    [
      "a mean of other scores",
      { all: { ...evaluation.all, mean: 0.6 } },
      "all.mean: expected 0.5, by the scores below it, got 0.6.",
    ],
    [
      "a changed digit of one score",
      { tasks: [{ ...task, seeds: [{ ...task.seeds[0], score: 0.85 }, task.seeds[1]] }] },
      "tasks.0.mean: expected 0.55, by the scores below it, got 0.5.",
    ],
    ["a text", { seconds: "5" }, 'seconds: expected a number, got "5".'],
    ["another format", { format: 2 }, "format: expected 1, got 2."],
    ["no tasks", { tasks: [] }, "tasks: expected a list of at least 1, got []."],
  ])("with %s is refused by name", async (_, change, message) => {
    await expect(reading({ ...evaluation, ...change })).rejects.toThrow(
      `[BAD_DATA] ${files().evaluation} is damaged, was edited, or is of another version: `,
    );
    await expect(reading({ ...evaluation, ...change })).rejects.toThrow(message);
  });

  test("may have negative scores of a metric that knows them", async () => {
    const seeds = [{ seed: 1, score: -3, questions: 4, chance: 0 }];
    const averages = { mean: -3, worst: -3, chance: 0 };
    const of = (metric: string) =>
      reading({
        ...evaluation,
        tasks: [{ ...task, metric, seeds, ...averages }],
        all: { tasks: 1, ...averages },
      });
    expect((await of("r2"))?.all.mean).toBe(-3);
    await expect(of("accuracy")).rejects.toThrow("expected a score of at least 0");
  });
});

test.each([
  ["updates", "many", 'updates: expected a whole number, got "many".'],
  ["updates", -1, "updates: expected a whole number of at least 0, got -1."],
  ["config", {}, "config.model: expected"],
  ["created", "yesterday", "created: expected a time such as 2026-01-31T12:00:00Z"],
  ["versions", { node: 20 }, "versions.node: expected a string, got 20."],
])("run.json whose %s is %j is refused by name", async (key, value, message) => {
  const config = { model: { use: "m" }, tasks: { use: "t" } };
  const record: RunRecord = {
    format: 1,
    name: "maml",
    config: runsOf(checkConfig(config))[0].config,
    plugins: [],
    updates: 1,
    engine: { name: "plain", device: "cpu", version: "1" },
    versions: {},
    data: {},
    created: "2026-01-01T00:00:00.000Z",
  };
  await mkdir(join(inFolder(), "run"), { recursive: true });
  const { record: file, ...others } = runDirectory(inFolder("run"));
  await writeFile(file, JSON.stringify(record));
  expect(await readRunRecord({ record: file, ...others })).toEqual(record);
  await writeFile(file, JSON.stringify({ ...record, [key]: value }));
  await expect(readRunRecord({ record: file, ...others })).rejects.toThrow(message);
});
