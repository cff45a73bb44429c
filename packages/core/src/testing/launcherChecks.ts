import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, JobResult, Launcher, LaunchOptions } from "../contracts/launcher.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { register } from "./register.js";

/** Name of a property that {@link testLauncher} checks. */
export type LauncherProperty =
  | "order"
  | "arguments"
  | "failures"
  | "missing"
  | "logs"
  | "told"
  | "nothing"
  | "stop"
  | "stopped"
  | "options";

/** A launcher to check, on a machine where it works. The jobs are short shell scripts. */
export interface LauncherSubject extends Subject<LauncherProperty> {
  create(): Launcher | Promise<Launcher>;
  /** Folder that is visible to jobs on every machine. @default a new one in the system's temporary folder */
  readonly folder?: string;
}

/** A launcher and a new folder for one check. */
interface Fixture {
  readonly launcher: Launcher;
  readonly folder: string;
  /** Makes a job that runs a shell script. */
  job(name: string, script: string, ...args: readonly string[]): Job;
  launch(jobs: readonly Job[], options?: Partial<LaunchOptions>): Promise<readonly JobResult[]>;
}

const logOf = ({ log }: Job) => readFile(log, "utf8").catch(() => "");

const failures = (results: readonly JobResult[]) =>
  results.map(({ job, failure }) => [job.name, failure === undefined ? "done" : "failed"]);

/** Wraps a check that needs a folder, which is deleted afterwards. */
function inFolder(check: (fixture: Fixture) => Promise<void>) {
  return async ({ create, folder: parent = tmpdir() }: LauncherSubject): Promise<void> => {
    const folder = await mkdtemp(join(parent, "metalearn-launcher-"));
    const launcher = await create();
    try {
      await check({
        launcher,
        folder,
        job: (name, script, ...args) => ({
          name,
          command: ["/bin/sh", "-c", script, "sh", ...args],
          log: join(folder, name, "log.txt"),
        }),
        launch: (jobs, options = {}) =>
          launcher.launch(jobs, { directory: join(folder, "launcher"), ...options }),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

const properties: Record<LauncherProperty, Property<LauncherSubject>> = {
  order: {
    title: "carries out every job, and returns one result for each, in their order",
    check: inFolder(async ({ job, launch }) => {
      const jobs = [job("slow", "sleep 0.5; echo 1"), job("fast", "echo 2"), job("last", "echo 3")];
      const results = await launch(jobs);
      assert.deepEqual(
        results.map(({ job }) => job),
        jobs,
      );
      assert.deepEqual(failures(results).flat().slice(1), ["done", "fast", "done", "last", "done"]);
      assert.deepEqual(await Promise.all(jobs.map(logOf)), ["1\n", "2\n", "3\n"]);
    }),
  },

  arguments: {
    title: "passes arguments and names unchanged, whatever characters they contain",
    check: inFolder(async ({ job, launch }) => {
      const args = ["two words", "it's", '"quoted"', "$HOME", "a\nb", "", "*"];
      const only = job("it's (1), 50%", 'for a in "$@"; do printf "<%s>" "$a"; done', ...args);
      assert.deepEqual(failures(await launch([only])), [[only.name, "done"]]);
      assert.equal(await logOf(only), args.map((arg) => `<${arg}>`).join(""));
    }),
  },

  failures: {
    title: "reports a failed job with a reason, and the others continue",
    check: inFolder(async ({ job, launch }) => {
      const jobs = [job("bad", "exit 3"), job("killed", "kill -9 $$"), job("good", "echo fine")];
      const results = await launch(jobs);
      const wanted = ["bad", "failed", "killed", "failed", "good", "done"];
      assert.deepEqual(failures(results).flat(), wanted);
      assert.match(results[0]?.failure ?? "", /3/, "The exit code is not told.");
      assert.equal(await logOf(jobs[2] as Job), "fine\n");
    }),
  },

  missing: {
    title: "reports a job whose program does not exist as failed",
    check: inFolder(async ({ job, folder, launch }) => {
      const absent: Job = { ...job("absent", ""), command: [join(folder, "nowhere")] };
      const results = await launch([absent, job("good", "true")]);
      assert.deepEqual(failures(results).flat(), ["absent", "failed", "good", "done"]);
    }),
  },

  logs: {
    title: "appends both output streams of a job to its log",
    check: inFolder(async ({ job, launch }) => {
      const first = job("run", "echo out; echo err >&2");
      await launch([first]);
      await launch([{ ...first, command: ["/bin/sh", "-c", "echo again"] }]);
      assert.equal(await logOf(first), "out\nerr\nagain\n");
    }),
  },

  told: {
    title: "reports the end of each job once, and its start at most once",
    check: inFolder(async ({ job, launch }) => {
      const jobs = [job("good", "true"), job("bad", "false")];
      const [begun, ended]: [string[], string[]] = [[], []];
      const results = await launch(jobs, {
        onBegin: ({ name }) => begun.push(name),
        onEnd: (result) => {
          ended.push(result.job.name);
          assert.ok(
            begun.length === 0 || begun.includes(result.job.name),
            "Expected a job to start before it ends.",
          );
        },
      });
      assert.deepEqual(ended.toSorted(), ["bad", "good"]);
      assert.equal(new Set(begun).size, begun.length, "Expected each job to start once.");
      assert.equal(results.length, 2);
    }),
  },

  nothing: {
    title: "returns at once without jobs",
    check: inFolder(async ({ launch }) => {
      assert.deepEqual(await launch([]), []);
    }),
  },

  stop: {
    title: "stops jobs by SIGTERM, waits until they have exited, and reports them as failed",
    check: inFolder(async ({ job, launch }) => {
      const script =
        "trap 'sleep 0.3; echo stopped; exit 130' TERM; echo up; while :; do sleep 0.1; done";
      const polite = job("polite", script);
      const controller = new AbortController();
      const launched = launch([polite], { signal: controller.signal });
      while (!(await logOf(polite)).includes("up")) await sleep(50);
      controller.abort();
      assert.deepEqual(failures(await launched), [["polite", "failed"]]);
      assert.match(await logOf(polite), /stopped/, "Expected to wait until the job has exited.");
    }),
  },

  stopped: {
    title: "starts no job if it was stopped before",
    check: inFolder(async ({ job, launch, folder }) => {
      const none = job("none", `echo begun > '${join(folder, "trace")}'`);
      await writeFile(join(folder, "trace"), "");
      const results = await launch([none], { signal: AbortSignal.abort() });
      assert.deepEqual(failures(results), [["none", "failed"]]);
      assert.equal(await readFile(join(folder, "trace"), "utf8"), "");
    }),
  },

  options: usefulErrors,
};

/** Makes the checks of a launcher, for test runners other than vitest. */
export function launcherChecks(subject: LauncherSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a launcher fulfils its contract.
 *
 * @example testLauncher("local", { create: () => local({ processes: 2 }) })
 */
export function testLauncher(title: string, subject: LauncherSubject): void {
  register(title, launcherChecks(subject));
}
