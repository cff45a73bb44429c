import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "@metalearn/core";
import { generateTasks } from "@metalearn/datasets-crossfit";
import { program } from "@metalearn/test-support/command";
import { tinyRun } from "@metalearn/test-support/project";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noNativeEngine } from "./support/engines.js";

const enginesFolder = join(cacheDirectory(), "engines");
const cpuEngines = existsSync(enginesFolder)
  ? readdirSync(enginesFolder).filter((name) => name.includes("-cpu-linux-"))
  : [];
const reason =
  noNativeEngine ??
  (cpuEngines.length > 0 ? undefined : "(needs the CPU engine of `metalearn setup` on Linux)");

/** The programs that unpacking may use; metalearn itself needs none. */
const tools = ["sh", "cat", "tar", "gzip", "sha256sum", "mkdir"];

describe.skipIf(reason)(`a pack ${reason ?? ""}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "metalearn-pack-"));
  const parts = join(folder, "parts");
  const bare = join(folder, "bin");
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const project = join(folder, "project");
    mkdirSync(project);
    await generateTasks(join(project, "data"), {
      ...{ trainingTasks: 4, heldOutTasks: 1, unseenTasks: 1, rows: 4, shots: 2, testRows: 2 },
      evaluationSeeds: [100, 13],
    });
    writeFileSync(
      join(project, "metalearn.config.yaml"),
      JSON.stringify({ ...tinyRun, runtime: { use: "tensorflow", device: "cpu" } }),
    );
    const flags = ["--level", "1", "--part-size", "60M", "--include", project];
    execFileSync(process.execPath, [program, "pack", parts, ...flags], { stdio: "pipe" });
    mkdirSync(bare);
    for (const tool of tools) {
      const path = execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim();
      symlinkSync(path, join(bare, tool));
    }
  }, 180_000);

  /** Runs a program with nothing of this machine: no environment, no other programs, no network. */
  function alone(cwd: string, ...command: readonly string[]) {
    const isolated = spawnSync("unshare", ["-rn", "true"]).status === 0;
    // Where the kernel forbids that, proxies are set to an address without a listener.
    const nowhere = ["https_proxy", "http_proxy", "ALL_PROXY", "npm_config_registry"].map(
      (name) => `${name}=http://127.0.0.1:9`,
    );
    const environment = [`PATH=${bare}`, `HOME=${folder}`, ...(isolated ? [] : nowhere)];
    const prefix = isolated ? ["unshare", "-rn"] : [];
    const [first = "", ...rest] = [...prefix, "env", "-i", ...environment, ...command];
    const { status, stdout, stderr } = spawnSync(first, rest, { cwd, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  test("is unpacked, moved, and trains and compares with the native engine", () => {
    expect(
      readdirSync(parts).filter((name) => name.startsWith("metalearn.tar.gz.")).length,
    ).toBeGreaterThan(3);
    const unpacked = alone(folder, "sh", "parts/unpack.sh", "first place");
    expect(unpacked).toMatchObject({ status: 0, stderr: "" });
    renameSync(join(folder, "first place"), join(folder, "moved"));
    const home = join(folder, "moved");

    const doctor = alone(home, "./metalearn", "doctor");
    expect(doctor.stdout).toMatch(/^ok +TensorFlow +2\.21\.0 \(cpu build\)/);
    expect(doctor.stdout).toMatch(/\nok +Addon +loads and computes/);
    expect(doctor.stdout).toContain(join(home, "cache"));

    const project = join(home, "project");
    const train = alone(project, "../metalearn", "train", "train.steps=2");
    expect(train, train.stderr).toMatchObject({ status: 0 });
    const compare = alone(project, "../metalearn", "compare", "out=compared");
    expect(compare, compare.stderr).toMatchObject({ status: 0 });
    expect(readFileSync(join(project, "compared/report.html"), "utf8")).toContain("metaicl");
  }, 120_000);
});
