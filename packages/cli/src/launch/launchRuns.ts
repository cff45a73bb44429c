import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { counted, isMetaError, type Job, type Launcher, MetaError } from "@metalearn/core";
import {
  type ComparedRun,
  type ComparisonOutcome,
  type FailedRun,
  type NamedRun,
  readFinishedRun,
  resolveRun,
  runPath,
  summarizeRuns,
} from "@metalearn/core/runs";
import { type Session, toolkitWithLaunchers } from "../session.js";
import { writeWorkList } from "./workList.js";

const program = join(import.meta.dirname, "../../bin/metalearn.js");

/** Options of launched runs, in addition to their session. */
export interface LaunchRunsOptions {
  /** The folder that holds one directory per run. */
  readonly out: string;
  readonly signal: AbortSignal;
  /** Prints a line for the user. */
  readonly say: (message: string) => void;
}

/**
 * Opens the launcher that a config names, or `local` if a number of processes is given.
 *
 * @param parallel runs at a time, from the command line; overrides the launcher's `processes`
 */
export async function openLauncher(
  session: Session,
  parallel: number | undefined,
): Promise<Launcher | undefined> {
  const { config, file } = session;
  const launcher =
    parallel === undefined
      ? config.launcher
      : { use: "local", ...config.launcher, processes: parallel };
  if (!launcher) return undefined;
  const toolkit = await toolkitWithLaunchers(session);
  const scope = toolkit.open({ seed: 0, references: { launcher }, configFile: file });
  return scope.get("launcher");
}

/**
 * Carries out unfinished runs through a launcher, each in a process of its own with a log in its directory,
 * and reads their results.
 *
 * @throws MetaError `INTERRUPTED` when the signal is aborted; `RUN_EXISTS` when finished runs used different
 *   data; `LAUNCH_FAILED`, or when every run has failed
 */
export async function launchRuns(
  launcher: Launcher,
  session: Session,
  { out, signal, say }: LaunchRunsOptions,
): Promise<ComparisonOutcome> {
  const runs = session.runs.map((run) => resolveRun(session.toolkit, run));
  const list = await writeWorkList(session, runs, out);
  const missing: { run: NamedRun; job: Job; logged: number }[] = [];
  for (const [index, run] of runs.entries()) {
    if (await isFinished(run, out)) continue;
    const log = join(runPath(out, run), "log.txt");
    const command = [process.execPath, program, "work", list, String(index)] as const;
    const job: Job = { name: title(run), command: [...command], log };
    missing.push({ run, job, logged: (await stat(log).catch(() => undefined))?.size ?? 0 });
  }
  if (missing.length < runs.length) {
    say(
      `${runs.length - missing.length} of ${counted(runs.length, "run")} ${runs.length - missing.length === 1 ? "is" : "are"} finished already.`,
    );
  }
  let ended = runs.length - missing.length;
  const results = await launcher.launch(
    missing.map(({ job }) => job),
    {
      directory: list.replace(/\.json$/, ""),
      signal,
      onBegin: ({ name, log }) => say(`${name} started; its log is ${log}`),
      onEnd: ({ job, failure }) => {
        ended += 1;
        say(`[${ended}/${runs.length}] ${job.name}: ${failure ?? "finished"}`);
      },
    },
  );
  if (signal.aborted) {
    throw new MetaError(
      "INTERRUPTED",
      "The comparison stopped. Run the same command again to resume it.",
    );
  }
  const failures: FailedRun[] = [];
  for (const [i, { job, failure }] of results.entries()) {
    const { run, logged } = missing[i] as (typeof missing)[number];
    if (failure === undefined) continue;
    const last = await lastLine(job.log, logged);
    const why = `${failure}${last && `: ${last}`}`;
    const error = new MetaError("LAUNCH_FAILED", `${title(run)}: ${why}\n  Its log: ${job.log}`);
    failures.push({ name: run.name, seed: run.config.seed, error });
  }
  const finished: ComparedRun[] = [];
  for (const run of runs) {
    const failed = failures.some(({ name, seed }) => name === run.name && seed === run.config.seed);
    const found = !failed && (await readFinishedRun(runPath(out, run), run.config));
    if (found) finished.push(found);
  }
  const [first] = failures;
  if (first && finished.length === 0) throw first.error;
  requireSameData(finished);
  return { runs: finished, rows: summarizeRuns(finished), failures };
}

/** True if a run's results are there and whole. One that is damaged is carried out again, or told by its process. */
async function isFinished(run: NamedRun, out: string): Promise<boolean> {
  try {
    return (await readFinishedRun(runPath(out, run), run.config)) !== undefined;
  } catch (error) {
    if (isMetaError(error) && error.code === "BAD_DATA") return false;
    throw error;
  }
}

function title({ name, config }: NamedRun): string {
  return `${name}, seed ${config.seed}`;
}

/** Last line that a job wrote after the first `from` bytes of its log. */
async function lastLine(log: string, from: number): Promise<string> {
  const file = await open(log, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - 4096);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - start)), {
      position: start,
    });
    return buffer.toString("utf8", 0, bytesRead).trim().split("\n").at(-1)?.trim() ?? "";
  } finally {
    await file.close();
  }
}

/**
 * Finished runs are not started again, so that nothing else would notice data that has changed in between.
 */
function requireSameData(runs: readonly ComparedRun[]): void {
  const known = new Map<string, ComparedRun>();
  for (const run of runs) {
    const tasks = JSON.stringify(run.record.config.tasks);
    const other = known.get(tasks) ?? run;
    known.set(tasks, other);
    if (JSON.stringify(other.record.data) === JSON.stringify(run.record.data)) continue;
    throw new MetaError(
      "RUN_EXISTS",
      `${other.directory} and ${run.directory} were made from the same tasks, but their files have changed in between. Choose another folder with out=..., or delete the older ones.`,
    );
  }
}
