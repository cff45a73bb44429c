import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tracker } from "@metalearn/core";
import { testTracker } from "@metalearn/core/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mlflow } from "../src/index.js";
import { paramsOf } from "../src/mlflow/paramsOf.js";
import { freePort, type MlflowServer, startMlflow } from "./support/mlflowServer.js";
import { recordsOf } from "./support/recordsOf.js";
import { line, trackedRun } from "./support/trackedRun.js";
import { trackingPython } from "./support/trackingPython.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-trackers-"));
});
afterEach(() => rm(folder, { recursive: true }));

const { python, why } = trackingPython("mlflow");

/** Records that the conformance suite logs. */
const keys = [
  ...["batches", "seconds", "loss", "learningRate"].map((name) => `train/${name}`),
  "evaluation/mean",
  "task/poem",
];

interface Run {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: {
    readonly params: readonly { key: string; value: string }[];
    readonly tags: readonly { key: string; value: string }[];
  };
}

describe.skipIf(!python)(`a real MLflow server ${why && `(skipped: ${why})`}`, () => {
  let server: MlflowServer;
  let early: Tracker;
  let earlyFolder: string;
  beforeAll(async () => {
    const port = await freePort();
    earlyFolder = await mkdtemp(join(tmpdir(), "metalearn-trackers-"));
    early = mlflow({ url: `http://127.0.0.1:${port}`, experiment: "early" });
    await expect(early.begin?.(trackedRun(earlyFolder, [line(1)]))).rejects.toThrow(
      `[TRACKER_FAILED] no response from http://127.0.0.1:${port} (connect ECONNREFUSED`,
    );
    await expect(early.log(line(2))).rejects.toThrow("TRACKER_FAILED");
    server = await startMlflow(python as string, port);
  });
  afterAll(async () => {
    await server?.stop();
    await rm(earlyFolder, { recursive: true });
  });

  /** All runs of an experiment, from the server. */
  async function runsOf(experiment: string): Promise<readonly Run[]> {
    const found = await server.get<{ experiment: { experiment_id: string } }>(
      "experiments/get-by-name",
      { experiment_name: experiment },
    );
    const { runs = [] } = await server.post<{ runs?: readonly Run[] }>("runs/search", {
      experiment_ids: [found.experiment.experiment_id],
    });
    return runs;
  }

  async function history(run: Run | undefined, key: string): Promise<[number, number][]> {
    const { metrics = [] } = await server.get<{ metrics?: { step: number; value: number }[] }>(
      "metrics/get-history",
      { run_id: run?.info.run_id ?? "", metric_key: key },
    );
    return metrics.map(({ step, value }) => [Number(step), value]);
  }

  testTracker("has what keeps the promises of a tracker", {
    create: () => mlflow({ url: server.url, experiment: "conformance" }),
    async read(directory) {
      const run = (await runsOf("conformance")).find(({ data }) =>
        data.tags.some(({ key, value }) => key === "directory" && value === directory),
      );
      const series = keys.map(async (key) => [key, await history(run, key)] as const);
      return recordsOf(Object.fromEntries(await Promise.all(series)));
    },
  });

  test("has a run's config, every number of it, and that it is finished", async () => {
    const tracker = mlflow({ url: server.url, experiment: "whole run" });
    await tracker.begin?.(trackedRun(folder));
    for (const update of [1, 2, 3, 4]) await tracker.log(line(update));
    await tracker.log({ update: 4, "evaluation/mean": 0.75, "task/Poem?": 0.5 });
    await tracker.close();

    const [run, ...others] = await runsOf("whole run");
    expect(others).toEqual([]);
    expect(run?.info).toMatchObject({ run_name: "maml-seed1", status: "FINISHED" });
    expect(run?.data.params.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: "model.layers", value: "2" },
      { key: "model.use", value: "gpt2" },
      { key: "seed", value: "1" },
      { key: "train.steps", value: "4" },
    ]);
    expect(run?.data.tags).toContainEqual({ key: "device", value: "cpu" });
    expect(await history(run, "train/loss")).toEqual([
      [1, 1],
      [2, 1 / 2],
      [3, 1 / 3],
      [4, 1 / 4],
    ]);
    expect(await history(run, "evaluation/mean")).toEqual([[4, 0.75]]);
    expect(await history(run, "task/Poem_")).toEqual([[4, 0.5]]);
  });

  test("continues a run that was killed, and has each step once", async () => {
    const options = { url: server.url, experiment: "killed" };
    const killed = mlflow(options);
    await killed.begin?.(trackedRun(folder));
    for (const update of [1, 2, 3]) await killed.log(line(update)); // and no close

    const stopped = mlflow(options);
    await stopped.begin?.(trackedRun(folder, [line(1), line(2)])); // from the checkpoint of update 2
    await stopped.log(line(3));
    await stopped.close();
    expect((await runsOf("killed")).map(({ info }) => info.status)).toEqual(["KILLED"]);

    const resumed = mlflow(options);
    await resumed.begin?.(trackedRun(folder, [line(1), line(2), line(3)]));
    expect((await runsOf("killed")).map(({ info }) => info.status)).toEqual(["RUNNING"]);
    await resumed.log(line(4));
    await resumed.close();
    const [run, ...others] = await runsOf("killed");
    expect(others).toEqual([]);
    expect(run?.info.status).toBe("FINISHED");
    expect(await history(run, "train/loss")).toEqual([
      [1, 1],
      [2, 1 / 2],
      [3, 1 / 3],
      [4, 1 / 4],
    ]);
  });

  test("begins anew where the run was deleted", async () => {
    const options = { url: server.url, experiment: "deleted" };
    const first = mlflow(options);
    await first.begin?.(trackedRun(folder));
    await first.close();
    const [run] = await runsOf("deleted");
    await server.post("runs/delete", { run_id: run?.info.run_id });

    const second = mlflow(options);
    await second.begin?.(trackedRun(folder, [line(1)]));
    await second.close();
    const [anew, ...others] = await runsOf("deleted");
    expect(others).toEqual([]);
    expect(await history(anew, "train/loss")).toEqual([[1, 1]]);
  });

  test("begins anew where the directory was given to another run, however that is evaluated", async () => {
    const options = { url: server.url, experiment: "another" };
    const begin = async (changes: object) => {
      const tracker = mlflow(options);
      const run = trackedRun(folder);
      await tracker.begin?.({ ...run, config: { ...run.config, ...changes } });
      await tracker.close();
      return (await runsOf("another")).length;
    };
    expect(await begin({})).toBe(1);
    expect(await begin({ evaluate: { seeds: [7] } })).toBe(1);
    expect(await begin({ seed: 2 })).toBe(2);
  });

  test("takes more metrics than fit one request", async () => {
    const tracker = mlflow({ url: server.url, experiment: "many" });
    const lines = Array.from({ length: 600 }, (_, i) => line(i + 1)); // 4 numbers each
    await tracker.begin?.(trackedRun(folder, lines));
    await tracker.close();
    const [run] = await runsOf("many");
    expect(await history(run, "train/batches")).toHaveLength(600);
  });

  test("gets what was made before it was there", async () => {
    await early.log(line(3));
    await early.close();
    const [run] = await runsOf("early");
    expect((await history(run, "train/loss")).map(([step]) => step)).toEqual([1, 2, 3]);
  });
});

describe("a server that takes connections and never answers", () => {
  let silent: Server;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    silent = createServer(() => {}).listen(port, "127.0.0.1");
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => silent.close());

  test("is given up after the time that it was given", async () => {
    const tracker = mlflow({ url, timeout: 0.3 });
    await expect(tracker.begin?.(trackedRun(folder))).rejects.toThrow("no response within 0.3 s");
  });

  test("is not blamed for time in which the process computed", async () => {
    const tracker = mlflow({ url, timeout: 0.5 });
    const answer = Promise.resolve(tracker.begin?.(trackedRun(folder))).catch(() => "late");
    const begun = performance.now();
    // Two steps of training, each longer than the server's timeout.
    for (const _ of [1, 2]) {
      const until = performance.now() + 700;
      while (performance.now() < until);
      expect(await Promise.race([answer, new Promise(setImmediate)])).not.toBe("late");
    }
    expect(await answer).toBe("late");
    expect(performance.now() - begun).toBeGreaterThan(1400);
  });
});

test("a config becomes parameters with dotted names, at most a hundred in a request", () => {
  expect(paramsOf({ a: { b: 1, c: [1, 2] }, d: null, e: undefined, "f g:h": "x" })).toEqual([
    [
      { key: "a.b", value: "1" },
      { key: "a.c", value: "[1,2]" },
      { key: "d", value: "null" },
      { key: "f g_h", value: "x" },
    ],
  ]);
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]));
  expect(paramsOf(many).map((batch) => batch.length)).toEqual([100, 100, 50]);
});
