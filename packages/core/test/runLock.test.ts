import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test } from "vitest";
import { lockRun } from "../src/run/runLock.js";

const inFolder = temporaryFolder();

/** Locks a folder, says so, and stays until it is killed. */
const holding = `
import { createJiti } from "jiti";
const { lockRun } = await createJiti(process.cwd()).import("./src/run/runLock.ts");
await lockRun(process.argv[1], 500).then(() => console.log("has it"), ({ code }) => console.log(code));
setInterval(() => {}, 1000);
`;

/** A process that has tried to lock the folder, and what came of it. */
async function another(): Promise<{ child: ChildProcess; outcome: string }> {
  const args = ["--input-type=module", "-e", holding, inFolder()];
  const cwd = join(import.meta.dirname, "..");
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  const [outcome] = await once(child.stdout, "data");
  return { child, outcome: String(outcome).trim() };
}

async function kill(child: ChildProcess) {
  child.kill("SIGKILL");
  await once(child, "close");
}

test("a folder is for one process at a time, and free again when it is released", async () => {
  const { release } = await lockRun(inFolder());
  const other = await another();
  await kill(other.child);
  expect(other.outcome).toBe("RUN_LOCKED");
  await release();
  expect(await readdir(inFolder())).toEqual([]);
});

test("folders that it made are taken away with it, unless something is in them", async () => {
  const deep = inFolder("runs/a/maml-seed1");
  await (await lockRun(deep)).release();
  expect(await readdir(inFolder())).toEqual([]);
  const { release } = await lockRun(deep);
  await writeFile(inFolder("runs/report.html"), "");
  await release();
  expect(await readdir(inFolder(), { recursive: true })).toEqual(["runs", "runs/report.html"]);
});

test("a process that is refused is told who has it, and one that was killed does not count", async () => {
  const { child, outcome } = await another();
  expect(outcome).toBe("has it");
  await expect(lockRun(inFolder(), 100)).rejects.toThrow(
    `[RUN_LOCKED] ${inFolder()} is in use by process ${child.pid} on ${hostname()}: only one process at a time can work on a run.`,
  );
  await kill(child);
  const lock = await lockRun(inFolder());
  expect(await readdir(inFolder())).toHaveLength(1);
  await lock.release();
});

test("of many that come at once at most one has it", async () => {
  const others = await Promise.all([another(), another(), another(), another()]);
  await Promise.all(others.map(({ child }) => kill(child)));
  const outcomes = others.map(({ outcome }) => outcome).sort();
  expect(outcomes.filter((outcome) => outcome === "has it").length).toBe(1);
});

test("a number that another process has got since does not hold it", async () => {
  await writeFile(inFolder(`${hostname()}.${process.ppid}.1.lock`), "");
  await (await lockRun(inFolder())).release();
});

test("a process of another host holds it as long as it shows signs of life", async () => {
  const file = inFolder("elsewhere.4711.99.lock");
  await writeFile(file, "");
  await expect(lockRun(inFolder(), 100)).rejects.toThrow(
    `is in use by process 4711 on elsewhere: only one process at a time can work on a run. Wait for it, or stop it. If that process is gone, delete ${file}.`,
  );
  const longAgo = new Date(Date.now() - 11 * 60_000);
  await utimes(file, longAgo, longAgo);
  await (await lockRun(inFolder())).release();
});
