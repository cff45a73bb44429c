import { type EvaluationRecord, readEpisodePredictions } from "@metalearn/core/runs";
import { emptyProject } from "@metalearn/test-support/project";
import { expect, test } from "vitest";

const innerOptimizer = { use: "sgd", learningRate: 0.5, schedule: "linear" };

const settings = {
  sinusoid: {
    model: { use: "mlp", sizes: [1, 20, 20, 1], loss: "mse" },
    tasks: { use: "sinusoid", shots: 10, targetEpisodes: 50 },
    train: { batchSize: 10, steps: 60, stepUnit: "updates" },
    learner: { use: "lslr", tasks: 5, initialRate: 0.01 }, // evaluate has to load the learned rates
    metric: "r2",
  },
  "clusters/3-way": {
    model: { use: "mlp", sizes: [2, 20, 3], loss: "cross-entropy" },
    tasks: { use: "clusters", ways: 3, shots: 3, targetEpisodes: 50 },
    train: { batchSize: 9, steps: 60, stepUnit: "updates" },
    // After training, a schedule is evaluated at its first step.
    learner: { use: "maml", tasks: 5, innerSteps: 3, innerOptimizer },
    metric: "accuracy",
  },
};

/** Accuracy, or the explained share of the variance. */
function scoreOf(answers: readonly { prediction: unknown; target: unknown }[], metric: string) {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  if (metric === "accuracy") {
    return mean(answers.map(({ prediction, target }) => Number(prediction === target)));
  }
  const targets = answers.map(({ target }) => Number(target)); // of one number each
  const centre = mean(targets);
  const errors = answers.map(({ prediction }, i) => (Number(prediction) - (targets[i] ?? 0)) ** 2);
  return 1 - mean(errors) / mean(targets.map((target) => (target - centre) ** 2));
}

test.each(Object.entries(settings))(
  "compare and evaluate score %s after adapting as the learner does",
  async (task, { learner, metric, ...shared }) => {
    const project = await emptyProject({
      ...shared,
      runtime: { use: "wasm" },
      optimizer: { use: "adam", learningRate: 0.01 },
      evaluate: { seeds: [1] },
      compare: { runs: { untrained: {}, learned: { learner } } },
    });
    const compared = await project.metalearn(["compare"]);
    expect(compared.code, compared.stderr).toBe(0);
    const { rows } = await project.json<{ rows: { name: string; all: { mean: number } }[] }>(
      "runs/comparison.json",
    );
    const [untrained, learned] = rows.map(({ all }) => all.mean) as [number, number];
    expect(learned).toBeGreaterThan(untrained + 0.2);
    expect(await project.read("runs/report.html")).toContain(task);

    // The score can be recomputed from the answers to the queries.
    const record = await project.json<EvaluationRecord>("runs/learned-seed100/evaluation.json");
    const file = project.path("runs/learned-seed100", record.predictions ?? "none");
    const answers = await readEpisodePredictions(file);
    expect(answers).toHaveLength(record.tasks[0]?.seeds[0]?.questions ?? 0);
    expect(scoreOf(answers, metric)).toBeCloseTo(learned, 4);

    const evaluated = await project.metalearn(["evaluate", "runs/learned-seed100"]);
    expect(evaluated.stdout).toContain(`│ ${task}`);
    expect(evaluated.stdout).toContain(metric);
    expect(evaluated.stdout).toContain((100 * learned).toFixed(1));
  },
);
