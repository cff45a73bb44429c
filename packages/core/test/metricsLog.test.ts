import { mkdir, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { beforeEach, describe, expect, test } from "vitest";
import type { Compilation } from "../src/contracts/runtime.js";
import type { TrackerRecord } from "../src/contracts/tracker.js";
import { openMetricsLog } from "../src/run/record/metricsLog.js";
import { runDirectory } from "../src/run/record/runDirectory.js";
import { readMetrics, rewindMetrics } from "../src/run/record/runMetrics.js";
import type { MetaUpdate } from "../src/train/metaTrain.js";

const inFolder = temporaryFolder();
const files = () => runDirectory(inFolder());

beforeEach(() => mkdir(inFolder(), { recursive: true }));

/** A meta-update that read 100 tokens in a quarter of a second. */
const made = (update: number, loss: number): MetaUpdate => ({
  update,
  loss,
  batches: 4 * update,
  tokens: 100,
  gradientNorm: update / 10,
  learningRate: 0.5 / update,
  metrics: {},
  seconds: 0.25,
  params: {},
  state: { optimizer: { step: update, update, slots: {} } },
});

/** A compilation that took a second and a half. */
const compilation: Compilation = {
  name: "gradient",
  mode: "xla",
  precision: "float32",
  shapes: 1,
  operations: 10,
  traceMs: 500,
  firstRunMs: 1000,
};
const runtime = {
  compilations: () => [compilation],
  device: "cpu",
  memory: () => ({ tensors: 3, tensorBytes: 12, processBytes: 3e8 }),
};

/** What a line says of the machine, with 100 tokens in a quarter of a second. */
const system = {
  tokensPerSecond: 400,
  tensorBytes: 12,
  processBytes: 3e8,
  peakBytes: expect.any(Number),
  device: "cpu",
};

describe("the metrics log", () => {
  test("writes a line per window: its mean loss, its last norm and rate, and totals", async () => {
    const log = await openMetricsLog(files(), { every: 2, runtime });
    await log.add(made(1, 6), false);
    expect(await readMetrics(inFolder())).toEqual([]);
    await log.add(made(2, 3), false);
    await log.add(made(3, 2), true); // the last update of all, in the middle of a window
    expect(await readMetrics(inFolder())).toEqual([
      {
        update: 2,
        batches: 8,
        tokens: 200,
        seconds: 0.5,
        compileSeconds: 1.5,
        ...system,
        loss: 4.5,
        gradientNorm: 0.2,
        learningRate: 0.25,
      },
      {
        update: 3,
        batches: 12,
        tokens: 300,
        seconds: 0.75,
        compileSeconds: 1.5,
        ...system,
        loss: 2,
        gradientNorm: 0.3,
        learningRate: 0.5 / 3,
      },
    ]);
  });

  test("has the learner's own metrics: means over the updates of the window that have them", async () => {
    const log = await openMetricsLog(files(), { every: 3, runtime });
    await log.add({ ...made(1, 6), metrics: { support: 2, once: 7 } }, false);
    await log.add({ ...made(2, 3), metrics: { support: 4, odd: Number.NaN } }, false);
    await log.add({ ...made(3, 2), metrics: { support: 9 } }, false);
    await log.add(made(4, 2), true);
    const [line, next] = await readMetrics(inFolder());
    expect(line).toMatchObject({
      "learner/support": 5,
      "learner/once": 7,
      "learner/odd": null, // JSON has no NaN
    });
    expect(Object.keys(next ?? {}).filter((name) => name.startsWith("learner/"))).toEqual([]);
  });

  test("continues the totals of a run that was killed while it wrote a line", async () => {
    const before = await openMetricsLog(files(), { every: 1, runtime });
    await before.add(made(1, 6), false);
    await before.add(made(2, 3), false);
    await writeFile(files().metrics, '{"update":3,"tok', { flag: "a" });

    await rewindMetrics(files(), 2);
    const log = await openMetricsLog(files(), { every: 1, runtime });
    await log.add(made(3, 2), true);
    expect(await readMetrics(inFolder())).toMatchObject([
      { update: 1, tokens: 100, compileSeconds: 1.5 },
      { update: 2, tokens: 200, compileSeconds: 1.5 },
      // What the other process had compiled was compiled once more.
      { update: 3, tokens: 300, seconds: 0.75, compileSeconds: 3, loss: 2 },
    ]);
  });

  test("keeps the peak of the memory that the run had in another process", async () => {
    const log = await openMetricsLog(files(), { every: 1, runtime });
    await log.add(made(1, 6), false);
    const [line] = await readMetrics(inFolder());
    expect(line?.peakBytes).toBeGreaterThanOrEqual(process.memoryUsage.rss() / 2);
    expect(line?.peakBytes).toBeLessThan(totalmem());

    await writeFile(files().metrics, `${JSON.stringify({ ...line, peakBytes: 2 ** 50 })}\n`);
    const resumed = await openMetricsLog(files(), { every: 1, runtime });
    await resumed.add(made(2, 3), false);
    expect((await readMetrics(inFolder()))[1]?.peakBytes).toBe(2 ** 50);
  });

  test("counts the tokens per second of a window, not of the run so far", async () => {
    const log = await openMetricsLog(files(), { every: 2, runtime });
    for (const update of [1, 2]) await log.add(made(update, 1), false);
    for (const update of [3, 4]) await log.add({ ...made(update, 1), seconds: 1 }, false);
    const lines = await readMetrics(inFolder());
    expect(lines.map(({ tokensPerSecond }) => tokensPerSecond)).toEqual([400, 100]);
  });

  test("hands every line to the tracker as well", async () => {
    const tracked: TrackerRecord[] = [];
    const tracker = {
      name: "list",
      log: (line: TrackerRecord) => void tracked.push(line),
      close() {},
    };
    const log = await openMetricsLog(files(), { every: 2, tracker, runtime });
    for (const update of [1, 2, 3, 4]) await log.add(made(update, update), false);
    expect(tracked).toHaveLength(2);
    expect(tracked).toEqual(await readMetrics(inFolder()));
  });
});
