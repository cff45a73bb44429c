import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TrackedRun, TrackerRecord } from "@metalearn/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "__component__-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a tracker is told of a run, of which this one reads name, seed and history. */
const run = (history: readonly TrackerRecord[] = []) =>
  ({ name: "maml", seed: 3, history }) as unknown as TrackedRun;
const written = () => readFile(join(folder, "csv/maml-seed3.csv"), "utf8");

test("writes a line for each number", async () => {
  const tracker = __factory__({ directory: join(folder, "csv") });
  await tracker.begin?.(run());
  await tracker.log({ update: 10, loss: 0.5, note: "no number" });
  await tracker.log({ update: 20, loss: 0.25, "evaluation/mean": 0.75 });
  await tracker.close();
  expect(await written()).toBe(
    'update,metric,value\n10,"loss",0.5\n20,"loss",0.25\n20,"evaluation/mean",0.75\n',
  );
});

test("goes on with a run that was killed, without a record twice", async () => {
  const tracker = __factory__({ directory: join(folder, "csv") });
  await tracker.begin?.(
    run([
      { update: 10, loss: 0.5 },
      { update: 20, loss: 0.25 },
    ]),
  );
  await tracker.log({ update: 20, loss: 0.25 });
  await tracker.log({ update: 30, loss: 0.125 });
  expect(await written()).toBe(
    'update,metric,value\n10,"loss",0.5\n20,"loss",0.25\n30,"loss",0.125\n',
  );
});

test("refuses a directory without a name", () => {
  expect(() => __factory__({ directory: "" })).toThrow("[BAD_OPTION] directory:");
});
