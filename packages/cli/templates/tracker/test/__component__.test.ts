import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrackedRun, TrackerRecord } from "@metalearn/core";
import { testTracker } from "@metalearn/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testTracker("__component__", {
  create: () => __factory__(),
  async read(directory) {
    const [, ...lines] = (await readFile(join(directory, "numbers.csv"), "utf8")).split("\n");
    return lines.filter(Boolean).map((line): TrackerRecord => {
      const [update, metric, value] = line.split(",") as [string, string, string];
      return { update: Number(update), [JSON.parse(metric)]: Number(value) };
    });
  },
  badOptions: { file: () => __factory__({ file: "" }) },
});

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "__component__-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("writes a line for each number", async () => {
  const tracker = __factory__({ file: "all.csv" });
  // This tracker reads only two fields of a run.
  await tracker.begin?.({ directory, history: [] } as unknown as TrackedRun);
  await tracker.log({ update: 10, loss: 0.5, note: "no number" });
  await tracker.log({ update: 20, loss: 0.25, "evaluation/mean": 0.75 });
  await tracker.close();
  expect(await readFile(join(directory, "all.csv"), "utf8")).toBe(
    'update,metric,value\n10,"loss",0.5\n20,"loss",0.25\n20,"evaluation/mean",0.75\n',
  );
});
