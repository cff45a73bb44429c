import { relative } from "node:path";
import { counted } from "@metalearn/core";
import type { RunPlan } from "@metalearn/core/runs";
import { duration, plainTable } from "../terminalTables.js";

/** A run's plan, and the number of seeds that it stands for. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly seeds: number;
}

/** Table of plans for the terminal: one row per run, and an explanation of the figures. */
export function planTable(planned: readonly PlannedRun[]): string {
  const table = plainTable([
    "",
    "seeds",
    "parameters",
    "updates",
    "batches",
    "tokens trained",
    "tokens scored",
    "memory",
    "disk",
    "time",
  ]);
  for (const { plan, seeds } of planned) {
    const { name, parameters, training, evaluation, validation, leastBytes, diskBytes, estimate } =
      plan;
    const scored = evaluation.tokens + (validation?.tokens ?? 0);
    table.push([
      name,
      seeds,
      parameters > 0 ? short(parameters) : "none",
      training?.updates ?? "none",
      training?.batches ?? "",
      training ? short(training.tokens) : "",
      scored > 0 ? short(scored) : "none",
      estimate ? bytes(estimate.peakBytes) : `> ${bytes(leastBytes)}`,
      bytes(diskBytes),
      estimate ? duration(secondsOf(plan)) : "unknown",
    ]);
  }
  return [table.toString(), ...legend(planned)].join("\n");
}

function legend(planned: readonly PlannedRun[]): string[] {
  const count = planned.reduce((sum, { seeds }) => sum + seeds, 0);
  const known = planned.filter(({ plan }) => plan.estimate);
  const seconds = known.reduce((sum, { plan, seeds }) => sum + seeds * secondsOf(plan), 0);
  const disk = planned.reduce((sum, { plan, seeds }) => sum + seeds * plan.diskBytes, 0);
  const earlier = known.flatMap(({ plan: { name, estimate } }) =>
    typeof estimate?.from === "object"
      ? [
          `Time and memory of ${name} are those of ${relative(process.cwd(), estimate.from.directory)}.`,
        ]
      : [],
  );
  const measured = known.filter(({ plan }) => plan.estimate?.from === "measurement");
  const untried = planned.filter(({ plan }) => !plan.estimate);
  return [
    "Each row is one seed. Tokens trained are estimated from the first updates, padding included; tokens scored are counted, those of validations too, and those that questions share once.",
    ...(measured.length > 0
      ? [
          `Time and memory${measured.length < planned.length ? ` of ${namesOf(measured)}` : ""} are measured: some updates and questions were tried just now on this machine. Memory is the process's, which for later runs is no less than for earlier ones.`,
        ]
      : []),
    ...earlier,
    ...(untried.length > 0
      ? [
          `Not measured: ${namesOf(untried)}: parameters, gradients, moments and scored tokens alone take more memory than is free.`,
        ]
      : []),
    `${counted(count, "run")}, one after the other: ${
      known.length < planned.length ? "more than " : "about "
    }${duration(seconds)}; at most ${bytes(disk)} of checkpoints. No run was begun.`,
  ];
}

function secondsOf({ estimate }: RunPlan): number {
  if (!estimate) return 0;
  const { trainSeconds, validateSeconds, evaluateSeconds, compileSeconds } = estimate;
  return trainSeconds + validateSeconds + evaluateSeconds + compileSeconds;
}

function namesOf(planned: readonly PlannedRun[]): string {
  return planned.map(({ plan }) => plan.name).join(", ");
}

/** `1.2 GB`, in decimal units. */
function bytes(count: number): string {
  return `${short(count, " ")}B`;
}

/** Count with at most three significant digits: `950`, `12.3k`, `4.5M`. */
function short(count: number, space = ""): string {
  const units = ["", "k", "M", "G", "T"];
  const power = count < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(count) / 3));
  const digits = count / 1000 ** power;
  const shown = power === 0 ? digits.toFixed(0) : digits.toPrecision(3);
  return `${Number(shown)}${space}${units[power]}`;
}
