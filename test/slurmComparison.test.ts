import { generateTasks } from "@metalearn/datasets-crossfit";
import { emptyProject, tinyRun } from "@metalearn/test-support/project";
import { cellsOf } from "@metalearn/test-support/scores";
import { startSingleNode, whyNoSlurm } from "@metalearn/test-support/singleNode";
import { describe, expect, test } from "vitest";

const reason = whyNoSlurm();

describe.skipIf(reason !== undefined)(`with Slurm${reason ? ` (${reason})` : ""}`, () => {
  test("a comparison is carried out as a job array, and again only what is missing of it", async () => {
    const { learner, ...shared } = tinyRun;
    const hopeless = { ...tinyRun.optimizer, learningRate: 1e30, clipNorm: 1e9 };
    const project = await emptyProject({
      ...shared,
      launcher: { use: "slurm", cpusPerTask: 1, pollSeconds: 0.5 },
      compare: {
        runs: { untrained: {}, metaicl: { learner }, bad: { learner, optimizer: hopeless } },
      },
    });
    await generateTasks(project.path("data"), {
      ...{ trainingTasks: 6, heldOutTasks: 2, unseenTasks: 1, rows: 6, shots: 4, testRows: 6 },
      evaluationSeeds: [100, 13],
    });
    const node = await startSingleNode();
    try {
      const first = await project.metalearn(["compare"], node.env);
      expect(first.code).toBe(1);
      expect(first.stderr).toMatch(
        /1 of 3 runs failed.*\n- \[LAUNCH_FAILED\] bad, seed 100: exit code 1: \[NON_FINITE\]/,
      );
      expect(first.stdout).toContain("metaicl");
      expect(await project.read("runs/metaicl-seed100/log.txt")).toContain("train 8/8, loss");

      const again = await project.metalearn(["compare"], node.env);
      expect(again.stderr).toContain("2 of 3 runs are finished already.");
      expect(again.stdout).toBe(first.stdout);

      // The same scores and steps as without Slurm; how long it took may differ.
      const local = await project.metalearn(["compare", "launcher.use=local", "out=here"]);
      const scores = (text: string) => cellsOf(text).map((row) => row.slice(0, 5));
      expect(scores(local.stdout)).toEqual(scores(first.stdout));
    } finally {
      await node.stop();
    }
  });
});
