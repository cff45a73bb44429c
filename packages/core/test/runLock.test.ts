import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { startHeartbeat } from "../src/run/lock/heartbeat.js";
import { lockContent } from "../src/run/lock/lockContent.js";
import { ownIdentity, type ProcessIdentity } from "../src/run/lock/processIdentity.js";
import { isLocked, lockRun } from "../src/run/lock/runLock.js";

const inFolder = temporaryFolder();
const quick = { patienceMs: 100, silenceMs: 1000 };
const container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const canContain = spawnSync("unshare", [...container.slice(1), "true"]).status === 0;
const hasFlock = spawnSync("flock", ["--version"]).status === 0;

/** Locks a folder, says so, and stays until it is killed. */
const holding = `
import { createJiti } from "jiti";
const { lockRun } = await createJiti(process.cwd()).import("./src/run/lock/runLock.ts");
await lockRun(process.argv[1], { patienceMs: 500 }).then(() => console.log("has it"), ({ code }) => console.log(code));
setInterval(() => {}, 1000);
`;

/** A process that has tried to lock the folder, and what came of it. */
async function another(
  within: readonly string[] = [],
): Promise<{ child: ChildProcess; outcome: string }> {
  const node = [process.execPath, "--input-type=module", "-e", holding, inFolder()];
  const [command = "", ...args] = [...within, ...node];
  const cwd = join(import.meta.dirname, "..");
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
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
  await expect(lockRun(inFolder(), quick)).rejects.toThrow(
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

/** Lock file of another process, and the byte at which its heartbeats stand. */
async function foreign(changes: Partial<ProcessIdentity>, isLocked = false) {
  const path = inFolder("elsewhere.4711.99.lock");
  const { text, beatsAt } = lockContent({ ...ownIdentity(), pid: 4711, ...changes }, isLocked);
  await writeFile(path, text);
  return { path, text, beatsAt };
}

test("a number that another process has got since does not hold it", async () => {
  await foreign({ pid: process.ppid, started: 1 });
  await (await lockRun(inFolder(), quick)).release();
});

describe("a process that cannot be looked up", () => {
  const elsewhere = { host: "elsewhere", boot: "another" };
  // Two containers: the same host name and process id, but another PID namespace.
  const inContainer = { namespace: "pid:[1]", pid: process.pid };

  test.each([
    ["on another host", elsewhere],
    ["in another container", inContainer],
  ])("%s holds it while its number counts up, whatever the clocks say", async (_, identity) => {
    const { path, text, beatsAt } = await foreign(identity);
    let beats = 0;
    const timer = setInterval(async () => {
      beats += 1;
      const number = String(beats).padStart(12, "0");
      await writeFile(path, text.slice(0, beatsAt) + number + text.slice(beatsAt + 12));
      await utimes(path, 0, 0); // a clock that is half a century behind
    }, 100);
    const said: string[] = [];
    const trial = lockRun(inFolder(), { ...quick, notify: (message) => said.push(message) });
    await expect(trial).rejects.toThrow(`If that process is gone, delete ${path}.`);
    clearInterval(timer);
    expect(said).toEqual([
      expect.stringContaining("Waiting up to 1 s for a sign of life; without one, this process"),
    ]);
    expect(await readdir(inFolder())).toEqual(["elsewhere.4711.99.lock"]);
  });

  test("loses it without a sign of life, whatever the clocks say", async () => {
    const { path } = await foreign(elsewhere);
    const soon = new Date(Date.now() + 660_000); // its clock is eleven minutes ahead
    await utimes(path, soon, soon);
    const begun = performance.now();
    const lock = await lockRun(inFolder(), quick);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1000);
    expect(await readdir(inFolder())).toHaveLength(1);
    await lock.release();
  });

  test.skipIf(!hasFlock)("in a container is asked for by the lock of its file", async () => {
    // A file that nobody has locked: its process is gone, which shows at once.
    await foreign(inContainer, true);
    const begun = performance.now();
    await (await lockRun(inFolder(), quick)).release();
    expect(performance.now() - begun).toBeLessThan(900);
    // The lock of a living process, as another container sees it.
    const { child } = await another();
    const [name = ""] = await readdir(inFolder());
    const text = await readFile(inFolder(name), "utf8");
    expect(JSON.parse(text)).toMatchObject({
      boot: ownIdentity().boot,
      pid: child.pid,
      isLocked: true,
    });
    const changed = text.replace(/"namespace":"[^"]*"/, '"namespace":"pid:[1]"');
    await writeFile(inFolder(name), changed);
    await expect(lockRun(inFolder(), { ...quick, silenceMs: 10 })).rejects.toThrow("[RUN_LOCKED]");
    await kill(child);
    await (await lockRun(inFolder(), quick)).release();
  });
});

test.skipIf(!hasFlock || !canContain)(
  "real PID namespaces with equal process ids and one host name do not take it from each other",
  async () => {
    const first = await another(container);
    const [name = ""] = await readdir(inFolder());
    const { host, pid } = JSON.parse(await readFile(inFolder(name), "utf8"));
    expect({ host, pid }).toEqual({ host: hostname(), pid: 1 });
    const second = await another(container);
    expect([first.outcome, second.outcome]).toEqual(["has it", "RUN_LOCKED"]);
    await expect(lockRun(inFolder(), quick)).rejects.toThrow("[RUN_LOCKED]");
    await kill(first.child);
    await kill(second.child);
    const patient = { patienceMs: 5_000, silenceMs: 600_000 }; // the kernel says at once that it is gone
    await (await lockRun(inFolder(), patient)).release();
  },
);

test("the number in a lock file counts up while the main thread is busy", async () => {
  const descriptor = openSync(inFolder("beats"), "w+");
  const heartbeat = startHeartbeat(descriptor, 0, 20);
  const beats = async () => Number(await readFile(inFolder("beats"), "utf8"));
  await expect.poll(beats).toBeGreaterThan(0);
  const before = await beats();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  expect(await beats()).toBeGreaterThan(before + 2);
  await heartbeat.stop();
  closeSync(descriptor);
});

test("a lock that was lost is noticed", async () => {
  const lock = await lockRun(inFolder());
  await lock.confirm();
  expect(await isLocked(inFolder())).toBe(true);
  const [name = ""] = await readdir(inFolder());
  await rm(inFolder(name));
  await expect(lock.confirm()).rejects.toThrow("[RUN_LOCKED] The lock file");
  expect(await isLocked(inFolder())).toBe(false);
  await lock.release();
});
