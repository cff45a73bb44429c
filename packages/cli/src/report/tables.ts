import { createHash } from "node:crypto";
import { counted, mean } from "@metalearn/core";
import type { ComparisonRow, Summary } from "@metalearn/core/runs";
import { duration, percent } from "../terminalTables.js";
import { statisticsNote } from "./pairedDifferences.js";
import type { Report, ReportRun, ReportSetting } from "./report.js";

/** A table of a report, independent of the format. The first cell of a row is its name. */
export interface ReportTable {
  readonly head: readonly string[];
  readonly rows: readonly ReportRow[];
  readonly caption: string;
}

/** A row of a table. */
interface ReportRow {
  readonly cells: readonly string[];
  /** Columns in which this row has the best value. */
  readonly best?: readonly number[];
  /** True for a reference row, such as that of random answers. */
  readonly isReference?: boolean;
}

const scoreNote =
  "Each task by its own metric (by default macro-F1 for classification, r2 for regression, accuracy otherwise), × 100, averaged over tasks, then over training seeds. Worst is the lowest over sets of demonstrations or episodes.";

/** Results as papers print them: methods by setting, mean / worst. Undefined for a single setting. */
export function settingsTable({ settings }: Report): ReportTable | undefined {
  if (settings.length < 2) return undefined;
  const methods = [...new Set(settings.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  const scopes = (["all", "unseen"] as const).filter((scope) =>
    settings.some(({ rows }) => rows.some((row) => row[scope])),
  );
  const columns = scopes.flatMap((scope) => settings.map((setting) => ({ scope, setting })));
  const rows = methods.map((method) => ({
    cells: [
      method,
      ...columns.map(({ scope, setting }) => {
        const summary = setting.rows.find(({ name }) => name === method)?.[scope];
        return summary ? `${percent(summary.mean)} / ${percent(summary.worst)}` : "";
      }),
    ],
  }));
  const heads = columns.map(({ scope, setting }) =>
    scope === "all" ? `${setting.name}: all, %` : `${setting.name}: unseen domains, %`,
  );
  return { head: ["method", ...heads], rows, caption: `Mean / worst. ${scoreNote}` };
}

/** Results of one setting: all target tasks and those of unseen domains. */
export function resultTable({ name, rows }: Pick<ReportSetting, "name" | "rows">): ReportTable {
  const hasUnseen = rows.some(({ unseen }) => unseen);
  const columns: { head: string; of(row: ComparisonRow): number | undefined }[] = [
    { head: "all tasks: mean, %", of: ({ all }) => all.mean },
    { head: "all tasks: worst, %", of: ({ all }) => all.worst },
    ...(hasUnseen
      ? [
          { head: "unseen domains: mean, %", of: ({ unseen }: ComparisonRow) => unseen?.mean },
          { head: "unseen domains: worst, %", of: ({ unseen }: ComparisonRow) => unseen?.worst },
        ]
      : []),
  ];
  const best = columns.map(({ of }) => Math.max(...rows.map((row) => of(row) ?? -Infinity)));
  const cell = (value: number | undefined) => (value === undefined ? "" : percent(value));
  const chance = (summary: Summary | undefined) => [cell(summary?.chance), ""];
  const [first] = rows;
  return {
    head: ["method", ...columns.map(({ head }) => head), "± training seeds, %", "training seeds"],
    rows: [
      ...rows.map((row) => ({
        cells: [
          row.name,
          ...columns.map(({ of }) => cell(of(row))),
          row.seeds.length > 1 ? percent(row.deviation) : "",
          String(row.seeds.length),
        ],
        best: columns.flatMap(({ of }, i) => (of(row) === best[i] ? [i + 1] : [])),
      })),
      ...(first
        ? [
            {
              cells: [
                "random answers",
                ...chance(first.all),
                ...(hasUnseen ? chance(first.unseen) : []),
                "",
                "",
              ],
              isReference: true,
            },
          ]
        : []),
    ],
    caption: `${name}, ${counted(first?.all.tasks ?? 0, "target task")}${
      first?.unseen ? `, ${first.unseen.tasks} of unseen domains` : ""
    }. ${scoreNote} ± is the sample standard deviation of the mean over training seeds.`,
  };
}

/** Methods that differ by more than chance. */
export function differenceTable({ differences }: ReportSetting): ReportTable | undefined {
  if (differences.length === 0) return undefined;
  const signed = (share: number | undefined) =>
    share === undefined ? "" : `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
  return {
    head: [
      "methods",
      "target tasks",
      "difference, points",
      "95 % interval, points",
      "p",
      "p, corrected",
      "tasks × training seeds",
    ],
    rows: differences.map((found) => ({
      cells: [
        `${found.method} − ${found.baseline}`,
        found.scope === "all" ? "all" : "unseen domains",
        signed(found.difference),
        found.low === undefined ? "" : `${signed(found.low)} to ${signed(found.high)}`,
        probability(found.pValue),
        probability(found.adjustedPValue),
        `${found.tasks} × ${found.seeds || "own"}`,
      ],
    })),
    caption: `A point is 0.01 of a score. ${statisticsNote}`,
  };
}

/** Every score: mean / worst of each method on each task. */
export function taskTable({ rows, runs }: Pick<ReportSetting, "rows" | "runs">): ReportTable {
  const tasks = runs[0]?.run.evaluation.tasks ?? [];
  return {
    head: ["task", "metric", ...rows.map(({ name }) => `${name}, %`), "random answers, %"],
    rows: tasks.map(({ task, metric, unseenDomain, chance }) => ({
      cells: [
        unseenDomain ? `${task} *` : task,
        metric,
        ...rows.map(({ name }) => {
          const scores = runs
            .filter(({ method }) => method === name)
            .flatMap(({ run }) => run.evaluation.tasks.filter((score) => score.task === task));
          return `${percent(mean(scores.map((s) => s.mean)))} / ${percent(mean(scores.map((s) => s.worst)))}`;
        }),
        percent(chance),
      ],
    })),
    caption:
      "Mean / worst over sets of demonstrations or episodes, averaged over training seeds, × 100. * no training task shares its domain.",
  };
}

/** Time, memory and tokens of each run. */
export function costTable({ settings }: Report): ReportTable {
  const heads = ["training", "of it compiling", "evaluation", "of it compiling", "peak memory, GB"];
  return {
    head: ["run", "meta-updates", "batches", "tokens", "tokens / s", ...heads],
    rows: settings.flatMap((setting) =>
      setting.runs.map((row) => {
        const { run, curve } = row;
        const { evaluation } = run;
        const tokens = curve.at(-1)?.tokens ?? 0;
        return {
          cells: [
            runTitle(row, setting, settings.length),
            ...(run.record.updates > 0
              ? [
                  run.record.updates.toLocaleString("en-US"),
                  run.batches.toLocaleString("en-US"),
                  tokens.toLocaleString("en-US"),
                  run.trainSeconds > 0
                    ? Math.round(tokens / run.trainSeconds).toLocaleString("en-US")
                    : "",
                  duration(run.trainSeconds),
                  duration(run.compileSeconds),
                ]
              : ["none", "", "", "", "", ""]),
            duration(evaluation.seconds),
            duration(evaluation.compileSeconds),
            (run.peakBytes / 1e9).toFixed(1),
          ],
        };
      }),
    ),
    caption:
      "Tokens are those read in training, padding included, and tokens / s their mean rate, compiling included. Compiling is recording functions, and running them for the first time with a new shape. Peak memory is the most that the process had resident by the end of the run; runs of one comparison may share a process, so that a later run may show what an earlier one needed.",
  };
}

/** Keys in which the methods' configs differ. */
export function configTable({ rows, configDifferences }: ReportSetting): ReportTable | undefined {
  if (configDifferences.length === 0) return undefined;
  return {
    head: ["key", ...rows.map(({ name }) => name)],
    rows: configDifferences.map(({ key, values }) => ({
      cells: [key, ...values.map((value) => value ?? "none")],
    })),
    caption: "What differs between the methods' configs, seeds apart. All other keys are equal.",
  };
}

/** Data files of each setting. */
export function dataTable({ settings }: Report): ReportTable {
  return {
    head: [
      "setting",
      "training tasks",
      "target tasks",
      "files",
      "SHA-256 over all, first 16 digits",
    ],
    rows: settings.map(({ name, runs }) => {
      const { record, evaluation } = runs[0]?.run ?? {};
      const files = Object.entries(record?.data ?? {});
      return {
        cells: [
          name,
          String(record?.trainingTasks?.length ?? ""),
          String(evaluation?.tasks.length ?? ""),
          String(files.length),
          files.length > 0 ? combinedHash(files) : "",
        ],
      };
    }),
    caption: "run.json of each run has the SHA-256 of every file.",
  };
}

/** Machine and versions of the first run. */
export function environmentTable({ settings }: Report): ReportTable {
  const record = settings[0]?.runs[0]?.run.record;
  if (!record) return { head: [], rows: [], caption: "" };
  const { engine, versions, machine } = record;
  const entries: [string, string][] = [
    ["engine", `${engine.name} ${engine.version}`],
    ["device", engine.device],
    ...(machine
      ? ([
          ["system", machine.system],
          ["processor", `${machine.processor}, ${machine.threads} threads`],
          ["memory", `${(machine.memoryBytes / 1e9).toFixed(1)} GB`],
        ] as [string, string][])
      : []),
    ...Object.entries(versions),
  ];
  return {
    head: ["what", "version or size"],
    rows: entries.map((cells) => ({ cells })),
    caption: "Of the first run. Where another run differs, a warning above says so.",
  };
}

/** Description of a run: `maml, seed 1`, with its setting where there are several. */
function runTitle({ method, run }: ReportRun, { name }: ReportSetting, settings: number): string {
  return `${settings > 1 ? `${name}, ` : ""}${method}, seed ${run.seed}`;
}

function probability(p: number | undefined): string {
  if (p === undefined) return "";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** Hash over the hashes of several files. */
function combinedHash(files: readonly (readonly [string, string])[]): string {
  const text = files.map(([name, hash]) => `${name} ${hash}\n`).sort();
  return createHash("sha256").update(text.join("")).digest("hex").slice(0, 16);
}
