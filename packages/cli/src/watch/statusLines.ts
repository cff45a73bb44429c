import { printable, type TrackerRecord } from "@metalearn/core";
import { duration, percent } from "../terminalTables.js";
import type { RunState } from "./runState.js";

/** Number of metric lines that the estimate of the remaining time is based on. */
const recent = 10;

/** Status of a run as text: position, loss, pace and memory. */
export function statusLines(state: RunState): string[] {
  const { record, lines, scores, evaluation, isTrained } = state;
  const { name, config, engine, updates } = record;
  const title = `${printable(name)}, seed ${config.seed}   ${engine.name} ${engine.version} on ${engine.device}`;
  return [
    title,
    ...(updates > 0 ? trainingLines(lines, updates, isTrained) : ["no training"]),
    ...evaluationLines({ evaluation, scores }),
    ...leftLines(state),
  ];
}

/** Note on a run that no process holds. */
function leftLines({ evaluation, isTrained, isHeld }: RunState): string[] {
  if (evaluation || isHeld) return [];
  return [
    isTrained
      ? "trained but not evaluated: run metalearn evaluate"
      : "no process is working on this run: it was stopped, and the command that started it resumes it",
  ];
}

/** Remaining seconds of training, at the pace of the last lines, compiling excluded. */
export function secondsLeft(lines: readonly TrackerRecord[], updates: number): number | undefined {
  const last = lines.at(-1);
  const before = lines.at(-1 - Math.min(recent, lines.length - 1));
  if (!last || !before || last === before) return undefined;
  const made = number(last, "update") - number(before, "update");
  const spent = (key: string) => number(last, key) - number(before, key);
  const pace = Math.max(0, spent("seconds") - spent("compileSeconds")) / made;
  return (updates - number(last, "update")) * pace;
}

function trainingLines(
  lines: readonly TrackerRecord[],
  updates: number,
  isTrained: boolean,
): string[] {
  const last = lines.at(-1);
  if (!last) return [`update 0/${updates}   nothing is logged yet`];
  const update = number(last, "update");
  const left = secondsLeft(lines, updates);
  const eta =
    isTrained || update >= updates ? "trained" : `ETA ${left === undefined ? "-" : duration(left)}`;
  const lowest = lines.reduce((a, b) => (number(b, "loss") < number(a, "loss") ? b : a));
  return [
    [
      `update ${update}/${updates}`,
      `${Math.floor((100 * update) / updates)} %`,
      eta,
      `${duration(number(last, "seconds"))} so far`,
    ].join("   "),
    [
      `loss ${number(last, "loss").toFixed(4)} (lowest ${number(lowest, "loss").toFixed(4)} at ${lowest.update})`,
      `gradient norm ${number(last, "gradientNorm").toPrecision(3)}`,
      `learning rate ${number(last, "learningRate").toPrecision(3)}`,
    ].join("   "),
    [
      `${number(last, "tokensPerSecond").toLocaleString("en-US")} tokens/s`,
      `memory ${gigabytes(last, "processBytes")} (peak ${gigabytes(last, "peakBytes")})`,
    ].join("   "),
    ...validationLines(lines),
  ];
}

/** Last score on dev tasks, and the first of the best ones. */
function validationLines(lines: readonly TrackerRecord[]): string[] {
  const judged = lines.filter(({ devScore }) => typeof devScore === "number");
  const last = judged.at(-1);
  if (!last) return [];
  const best = judged.reduce((a, b) => (number(b, "devScore") > number(a, "devScore") ? b : a));
  const score = (line: TrackerRecord) => `${percent(number(line, "devScore"))} % at ${line.update}`;
  return [`dev tasks ${score(last)} (best ${score(best)})`];
}

function evaluationLines({
  evaluation,
  scores,
}: Pick<RunState, "evaluation" | "scores">): string[] {
  if (!evaluation) return scores > 0 ? [`evaluating: ${scores} scores so far`] : [];
  const { all, unseen } = evaluation;
  const score = (summary: typeof all) =>
    `${percent(summary.mean)} % (worst ${percent(summary.worst)} %)`;
  return [`evaluated: ${score(all)}${unseen ? `, unseen domains ${score(unseen)}` : ""}`];
}

/** Number in a line; NaN in a line of an earlier version that lacks it. */
function number(line: TrackerRecord, key: string): number {
  return Number(line[key] ?? Number.NaN);
}

function gigabytes(line: TrackerRecord, key: string): string {
  return `${(number(line, key) / 1e9).toFixed(1)} GB`;
}
