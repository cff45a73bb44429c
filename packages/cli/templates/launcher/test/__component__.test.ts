import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@metalearn/core";
import { testLauncher } from "@metalearn/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testLauncher("__component__", {
  create: () => __factory__(),
  badOptions: { niceness: () => __factory__({ niceness: 20 }) },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "__component__-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Job that runs a Node.js script. */
const job = (name: string, script: string): Job => ({
  name,
  command: [process.execPath, "-e", script],
  log: join(folder, name, "log.txt"),
});

test("runs jobs with the priority that is asked for", async () => {
  const first = job("first", "console.log(os.getPriority())");
  const [result] = await __factory__({ niceness: 19 }).launch([first], { directory: folder });
  expect(result?.failure).toBeUndefined();
  expect(await readFile(first.log, "utf8")).toBe("19\n");
});
