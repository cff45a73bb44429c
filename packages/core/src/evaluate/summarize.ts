import { mean } from "../statistics.js";
import type { SeedScore, Summary, TaskScore } from "./scores.js";

/** Averages of a task over its seeds. */
export function summarizeSeeds(
  seeds: readonly Pick<SeedScore, "score" | "chance">[],
): Pick<TaskScore, "mean" | "worst" | "chance"> {
  return {
    mean: mean(seeds.map(({ score }) => score)),
    worst: Math.min(...seeds.map(({ score }) => score)),
    chance: mean(seeds.map(({ chance }) => chance)),
  };
}

/** Macro-average over tasks. */
export function summarize(tasks: readonly Pick<TaskScore, "mean" | "worst" | "chance">[]): Summary {
  return {
    tasks: tasks.length,
    mean: mean(tasks.map((task) => task.mean)),
    worst: mean(tasks.map((task) => task.worst)),
    chance: mean(tasks.map((task) => task.chance)),
  };
}
