import type { ComparedRun, RunRecord, TaskScore } from "@metalearn/core/runs";

/** A task's scores by seed of its demonstrations. */
type Scores = Readonly<Record<number, number>>;

/** Fields of a run that {@link comparedRun} makes. */
export interface RunFields {
  readonly name?: string;
  readonly seed?: number;
  /** Scores by task. Tasks whose names begin with `unseen` have a domain of their own. */
  readonly tasks: Readonly<Record<string, Scores>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly record?: Partial<RunRecord>;
  readonly directory?: string;
}

/** A finished run with these scores. */
export function comparedRun({
  name = "maml",
  seed = 1,
  tasks,
  config = {},
  record = {},
  directory = "nowhere",
}: RunFields): ComparedRun {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const scored = Object.entries(tasks).map(([task, scores]): TaskScore => {
    const seeds = Object.entries(scores).map(([demonstrations, score]) => ({
      seed: Number(demonstrations),
      score,
      questions: 4,
      chance: 0.5,
    }));
    return {
      task,
      metric: "accuracy",
      unseenDomain: task.startsWith("unseen"),
      seeds,
      mean: mean(seeds.map(({ score }) => score)),
      worst: Math.min(...seeds.map(({ score }) => score)),
      chance: 0.5,
    };
  });
  const summary = (of: readonly TaskScore[]) => ({
    tasks: of.length,
    mean: mean(of.map((task) => task.mean)),
    worst: mean(of.map((task) => task.worst)),
    chance: 0.5,
  });
  const unseen = scored.filter(({ unseenDomain }) => unseenDomain);
  return {
    name,
    seed,
    directory,
    record: {
      format: 1,
      name,
      config: { seed, tasks: { use: "crossfit", setting: "hr_to_lr" }, ...config },
      plugins: [],
      updates: 10,
      engine: { name: "wasm", device: "cpu", version: "4.22.0" },
      versions: { node: "20.19.0" },
      data: {},
      created: "2026-01-01T00:00:00.000Z",
      ...record,
    } as unknown as RunRecord,
    evaluation: {
      format: 1,
      seeds: Object.keys(Object.values(tasks)[0] ?? {}).map(Number),
      seconds: 50,
      compileSeconds: 4,
      peakBytes: 2e9,
      tasks: scored,
      all: summary(scored),
      ...(unseen.length > 0 && { unseen: summary(unseen) }),
    },
    batches: 40,
    trainSeconds: 100,
    compileSeconds: 10,
    peakBytes: 2e9,
  };
}
