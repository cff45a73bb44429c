import { describe, expect, test } from "vitest";
import { projectWithTasks, tinyRun } from "../packages/cli/test/support/project.js";
import { cellsOf } from "../packages/cli/test/support/scores.js";
import {
  startSingleNode,
  whyNoSlurm,
} from "../packages/launchers-slurm/test/support/singleNode.js";

const reason = whyNoSlurm();

describe.skipIf(reason !== undefined)(`with Slurm${reason ? ` (${reason})` : ""}`, () => {
  test("a comparison is carried out as a job array, and again only what is missing of it", async () => {
    const { learner, ...shared } = tinyRun;
    const hopeless = { ...tinyRun.optimizer, learningRate: 1e30, clipNorm: 1e9 };
    const project = await projectWithTasks({
      ...shared,
      launcher: { use: "slurm", cpusPerTask: 1, pollSeconds: 0.5 },
      compare: {
        runs: { untrained: {}, metaicl: { learner }, bad: { learner, optimizer: hopeless } },
      },
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
