import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, JobResult, Launcher, LaunchOptions } from "../contracts/launcher.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { register } from "./register.js";

/** What {@link testLauncher} checks. */
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

/** A launcher to be checked, on a machine where it works. Jobs are shell scripts of a moment. */
export interface LauncherSubject extends Subject<LauncherProperty> {
  create(): Launcher | Promise<Launcher>;
  /** A folder that jobs see, wherever they run. @default a new one in the system's for temporary files */
  readonly folder?: string;
}

/** A launcher with a folder of its own for a check. */
interface Fixture {
  readonly launcher: Launcher;
  readonly folder: string;
  /** A job that runs a shell script. */
  job(name: string, script: string, ...args: readonly string[]): Job;
  launch(jobs: readonly Job[], options?: Partial<LaunchOptions>): Promise<readonly JobResult[]>;
}

const logOf = ({ log }: Job) => readFile(log, "utf8").catch(() => "");

const failures = (results: readonly JobResult[]) =>
  results.map(({ job, failure }) => [job.name, failure === undefined ? "done" : "failed"]);

/** A check in a folder that is deleted after it. */
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
    title: "carries out every job, and gives one result for each in their order",
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
    title: "hands arguments and names over as they are, whatever characters they have",
    check: inFolder(async ({ job, launch }) => {
      const args = ["two words", "it's", '"quoted"', "$HOME", "a\nb", "", "*"];
      const only = job("it's (1), 50%", 'for a in "$@"; do printf "<%s>" "$a"; done', ...args);
      assert.deepEqual(failures(await launch([only])), [[only.name, "done"]]);
      assert.equal(await logOf(only), args.map((arg) => `<${arg}>`).join(""));
    }),
  },

  failures: {
    title: "a job that fails is told with a reason, and the others go on",
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
    title: "a program that is not there is a job that fails",
    check: inFolder(async ({ job, folder, launch }) => {
      const absent: Job = { ...job("absent", ""), command: [join(folder, "nowhere")] };
      const results = await launch([absent, job("good", "true")]);
      assert.deepEqual(failures(results).flat(), ["absent", "failed", "good", "done"]);
    }),
  },

  logs: {
    title: "both streams of a job go to its log, after what is there",
    check: inFolder(async ({ job, launch }) => {
      const first = job("run", "echo out; echo err >&2");
      await launch([first]);
      await launch([{ ...first, command: ["/bin/sh", "-c", "echo again"] }]);
      assert.equal(await logOf(first), "out\nerr\nagain\n");
    }),
  },

  told: {
    title: "tells of the end of each job once, and of its beginning no more than once",
    check: inFolder(async ({ job, launch }) => {
      const jobs = [job("good", "true"), job("bad", "false")];
      const [begun, ended]: [string[], string[]] = [[], []];
      const results = await launch(jobs, {
        onBegin: ({ name }) => begun.push(name),
        onEnd: (result) => {
          ended.push(result.job.name);
          assert.ok(begun.length === 0 || begun.includes(result.job.name), "It ended unbegun.");
        },
      });
      assert.deepEqual(ended.toSorted(), ["bad", "good"]);
      assert.equal(new Set(begun).size, begun.length, "A job began twice.");
      assert.equal(results.length, 2);
    }),
  },

  nothing: {
    title: "without jobs there is nothing to wait for",
    check: inFolder(async ({ launch }) => {
      assert.deepEqual(await launch([]), []);
    }),
  },

  stop: {
    title: "a stop reaches jobs as SIGTERM, waits for what they still write, and they have failed",
    check: inFolder(async ({ job, launch }) => {
      const script =
        "trap 'sleep 0.3; echo stopped; exit 130' TERM; echo up; while :; do sleep 0.1; done";
      const polite = job("polite", script);
      const controller = new AbortController();
      const launched = launch([polite], { signal: controller.signal });
      while (!(await logOf(polite)).includes("up")) await sleep(50);
      controller.abort();
      assert.deepEqual(failures(await launched), [["polite", "failed"]]);
      assert.match(await logOf(polite), /stopped/, "It was not waited for.");
    }),
  },

  stopped: {
    title: "begins no job where it was stopped before",
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

/** The promises of a launcher, for test runners other than vitest. */
export function launcherChecks(subject: LauncherSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a launcher keeps the promises of its contract.
 *
 * @example testLauncher("local", { create: () => local({ processes: 2 }) })
 */
export function testLauncher(title: string, subject: LauncherSubject): void {
  register(title, launcherChecks(subject));
}
