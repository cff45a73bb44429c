import { execFileSync } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTracker } from "@metalearn/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tensorboard } from "../src/index.js";
import { crc32c } from "../src/tensorboard/crc32c.js";
import { restart, scalars } from "../src/tensorboard/events.js";
import { recordsOf } from "./support/recordsOf.js";
import { line, trackedRun } from "./support/trackedRun.js";
import { trackingPython } from "./support/trackingPython.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-trackers-"));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  // RFC 3720, appendix B.4.
  ["32 bytes of zeroes", Buffer.alloc(32, 0), 0x8a9136aa],
  ["32 bytes of ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
  ["32 bytes counting up", Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
])("the CRC-32C of %s is that of RFC 3720", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

/** Event in a record: without the length, 8 bytes, and the checksums, 4 bytes each. */
const eventOf = (record: Buffer) => record.subarray(12, -4).toString("hex");

test("events are messages of event.proto", () => {
  // By hand: a field is (number << 3 | kind), with kind 0 for a varint, 1 for a double, 2 for a text or
  // a message, preceded by its length, 5 for a float. 1: wall_time, 2: step (300 = 0b10_0101100),
  // 5: summary { 1: value { 1: tag, 2: simple_value } }; 1.5 = 0x3ff8…, 0.5 = 0x3f000000.
  expect(eventOf(scalars({ seconds: 1.5, step: 300 }, [["loss", 0.5]]))).toBe(
    "09000000000000f83f10ac022a0d0a0b0a046c6f7373150000003f",
  );
  // More than 32 bits: 2^35 is five groups of zeroes and a one. 7: session_log { 1: status }
  expect(eventOf(restart({ seconds: 0, step: 2 ** 35 }))).toBe(
    "09000000000000000010808080808001" + "3a020801",
  );
});

const { python, why } = trackingPython("tensorboard");

/** Steps and values of every tag, and the texts, as TensorBoard itself reads a folder. */
function readByTensorboard(logs: string): {
  scalars: Record<string, [step: number, value: number][]>;
  texts: Record<string, string>;
} {
  const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
events.Reload()
tags = events.Tags()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
texts = {tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto)[0].decode() for tag in tags["tensors"]}
print(json.dumps({"scalars": scalars, "texts": texts}))`;
  return JSON.parse(execFileSync(python as string, ["-c", script, logs], { encoding: "utf8" }));
}

const inRun = () => join(folder, "tensorboard");

describe.skipIf(!python)(`TensorBoard itself ${why && `(skipped: ${why})`}`, () => {
  testTracker("reads what keeps the promises of a tracker", {
    create: () => tensorboard(),
    read: (directory) => recordsOf(readByTensorboard(join(directory, "tensorboard")).scalars),
  });

  test("reads every number of every record, and the config", async () => {
    const tracker = tensorboard();
    await tracker.begin?.(trackedRun(folder));
    for (const update of [1, 2, 3]) await tracker.log(line(update));
    await tracker.log({ update: 3, "evaluation/mean": 0.75, "task/Poem: short": 0.5 });
    await tracker.close();
    const { scalars, texts } = readByTensorboard(inRun());
    expect(Object.keys(scalars).toSorted()).toEqual([
      "evaluation/mean",
      "task/Poem: short",
      "train/batches",
      "train/learningRate",
      "train/loss",
      "train/seconds",
    ]);
    expect(scalars["train/loss"]).toEqual([
      [1, 1],
      [2, 0.5],
      [3, Math.fround(1 / 3)],
    ]);
    expect(scalars["train/batches"]).toEqual([
      [1, 4],
      [2, 8],
      [3, 12],
    ]);
    expect(scalars["task/Poem: short"]).toEqual([[3, 0.5]]);
    expect(texts.config).toContain("tensorflow 2.21.0 on cpu");
    expect(texts.config).toContain('"layers": 2');
  });

  test("sees one curve of a run that was killed after its checkpoint and resumed", async () => {
    const killed = tensorboard();
    await killed.begin?.(trackedRun(folder));
    for (const update of [1, 2, 3]) await killed.log(line(update, 9));
    const [file = ""] = await readdir(inRun());
    // Killed in the middle of a record.
    await appendFile(join(inRun(), file), Buffer.from([24, 0, 0, 0, 0]));

    const resumed = tensorboard();
    await resumed.begin?.(trackedRun(folder, [line(1, 9), line(2, 9)]));
    for (const update of [3, 4]) await resumed.log(line(update, 8));
    await resumed.close();
    expect(readByTensorboard(inRun()).scalars["train/loss"]).toEqual([
      [1, 9],
      [2, 9],
      [3, 8],
      [4, 8],
    ]);
  });

  test("gets what was logged before the tracker was there", async () => {
    const tracker = tensorboard();
    await tracker.begin?.(trackedRun(folder, [line(1), line(2)]));
    await tracker.close();
    expect(readByTensorboard(inRun()).scalars["train/loss"]).toEqual([
      [1, 1],
      [2, 0.5],
    ]);
  });
});

test("a run has a folder of its own in a directory for several", async () => {
  const run = join(folder, "maml-seed1");
  const tracker = tensorboard({ directory: join(folder, "logs") });
  await tracker.begin?.(trackedRun(run));
  const [file = ""] = await readdir(join(folder, "logs", "maml-seed1"));
  expect(file).toMatch(/^events\.out\.tfevents\.\d{10}\.\d{3}\./);
  expect((await readFile(join(folder, "logs", "maml-seed1", file))).length).toBeGreaterThan(100);
});

test("a folder that cannot be made is an error that names it", async () => {
  await writeFile(join(folder, "logs"), "a file");
  const tracker = tensorboard({ directory: join(folder, "logs") });
  await expect(tracker.begin?.(trackedRun(join(folder, "run")))).rejects.toThrow(/ENOTDIR.*logs/);
});
