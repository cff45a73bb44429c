import type { ComparedRun } from "@metalearn/core/runs";
import type { ReportSetting } from "./report.js";
import { targetsTrainedOn } from "./trainedOn.js";

/** Reasons to distrust the numbers of a setting, one sentence each. */
export function warningsOf({ name, runs }: Pick<ReportSetting, "name" | "runs">): string[] {
  const found = runs.flatMap(({ run }) => [...trainedOnTargets(run), ...sharedFiles(run)]);
  const differing = [
    ["different data files", ({ record }: ComparedRun) => record.data],
    ["different target tasks", ({ evaluation }: ComparedRun) => taskNames(evaluation.tasks)],
    ["different sets of demonstrations or episodes", (run: ComparedRun) => run.evaluation.seeds],
    ["different engines", ({ record }: ComparedRun) => record.engine],
    ["different versions of packages", ({ record }: ComparedRun) => record.versions],
    ["different operating systems", ({ record }: ComparedRun) => record.machine?.system],
    ["different machines, so that times do not compare", hardwareOf],
    [
      "different numbers of threads, so that times do not compare",
      ({ record }: ComparedRun) => record.machine?.threads,
    ],
  ] as const;
  const unlike = differing.flatMap(([what, of]) =>
    new Set(runs.map(({ run }) => JSON.stringify(of(run)))).size > 1
      ? [`Runs were made with ${what}.`]
      : [],
  );
  return [...new Set([...found, ...unlike])].map((text) => `${name}: ${text}`);
}

function trainedOnTargets(run: ComparedRun): string[] {
  const both = targetsTrainedOn(run);
  if (both.length === 0) return [];
  return [
    `Trained on and evaluated on ${list(both)}: ${both.length === 1 ? "its scores are" : "their scores are"} not those of a task that is new to the model.`,
  ];
}

/** Parts of a machine that stay the same when a run gets a share of its cores, as with `--parallel`. */
function hardwareOf({ record: { machine } }: ComparedRun): unknown {
  // The kernel keeps a part of the memory, which changes with its version.
  return machine && [machine.processor, Math.round(machine.memoryBytes / 2 ** 30)];
}

/**
 * Finds equal files in different tasks, at least one of them a target. A task's files lie in a folder of its
 * own.
 */
function sharedFiles({ record, evaluation }: ComparedRun): string[] {
  const targets = new Set(taskNames(evaluation.tasks));
  const pathsByHash = new Map<string, string[]>();
  for (const [path, hash] of Object.entries(record.data)) {
    pathsByHash.set(hash, [...(pathsByHash.get(hash) ?? []), path]);
  }
  return [...pathsByHash.values()].flatMap((paths) => {
    const tasks = [...new Set(paths.map((path) => path.split("/").at(-2) ?? path))];
    if (tasks.length < 2 || !tasks.some((task) => targets.has(task))) return [];
    return [`Leak: ${list(paths)} are the same file.`];
  });
}

function taskNames(tasks: readonly { readonly task: string }[]): string[] {
  return tasks.map(({ task }) => task).toSorted();
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
