import { spawnSync } from "node:child_process";
import { runOnTerminal } from "@metalearn/test-support/command";
import { emptyProject } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const escapeCode = "\u001b";
const colour = new RegExp(`${escapeCode}\\[[0-9;]*m`);

describe("output that is no terminal", () => {
  test("has no escape codes", async () => {
    const [project, empty] = await Promise.all([projectWithTasks(), emptyProject()]);
    const outputs = await Promise.all([project.metalearn(["train"]), empty.metalearn(["train"])]);
    expect(outputs.map(({ code }) => code)).toEqual([0, 2]);
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(escapeCode);
  });

  test("has colours when they are asked for", async () => {
    const project = await emptyProject();
    const { stderr } = await project.metalearn(["train"], { FORCE_COLOR: "1" });
    expect(stderr).toMatch(colour);
  });
});

const lacksPython = spawnSync("python3", ["-c", "import pty"]).status !== 0;

describe.skipIf(lacksPython)("on a terminal (needs python3 for a pseudo-terminal)", () => {
  test("a run has colours and bars, and gives the cursor back", async () => {
    const project = await projectWithTasks();
    const { code, stdout } = await runOnTerminal(["train"], { cwd: project.folder });
    expect(code).toBe(0);
    expect(stdout).toContain(`${escapeCode}[1mrun, seed 100`);
    expect(stdout).toMatch(/ {2}train {4}■+ +8\/8 {2}[\d.]+\/s {2}ETA 0 s {2}loss \d\.\d{4}/);
    const hidden = stdout.lastIndexOf(`${escapeCode}[?25l`);
    expect(hidden).toBeGreaterThan(-1);
    expect(stdout.indexOf(`${escapeCode}[?25h`, hidden)).toBeGreaterThan(hidden);
  });

  test("NO_COLOR takes the colours away", async () => {
    const project = await emptyProject();
    const options = { cwd: project.folder };
    const [coloured, plain] = await Promise.all([
      runOnTerminal(["train"], options),
      runOnTerminal(["train"], { ...options, env: { NO_COLOR: "1" } }),
    ]);
    expect([coloured.code, plain.code]).toEqual([2, 2]);
    expect(coloured.stdout).toMatch(colour);
    expect(plain.stdout).not.toMatch(colour);
    expect(plain.stdout).toContain("[MISSING_FILE]");
  });
});
