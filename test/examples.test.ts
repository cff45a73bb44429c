import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { createToolkit, loadConfig, resolveRun, runsOf } from "@metalearn/core";
import crossfit, { generateTasks } from "@metalearn/datasets-crossfit";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import runtimes from "@metalearn/runtime-tensorflow";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missing, shared } from "./support/shared.js";

const root = join(import.meta.dirname, "..");
const examples = join(root, "examples");
const command = join(root, "packages/cli/bin/metalearn.js");

let folder: string;
let tasks: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-examples-"));
  tasks = join(folder, "tasks");
  await generateTasks(tasks, {
    trainingTasks: 40,
    heldOutTasks: 2,
    unseenTasks: 2,
    evaluationSeeds: [100, 13],
  });
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  return stdout;
}

const compare = (name: string, ...overrides: readonly string[]) =>
  run(
    command,
    "compare",
    "--config",
    join(examples, name, "metalearn.config.yaml"),
    `out=${join(folder, name)}`,
    ...overrides,
  );

/** Names of the runs in the table on the terminal. */
const rowsOf = (table: string) =>
  [...table.matchAll(/^│ ([\w-]+)/gm)].map((match) => match[1]).filter((name) => name !== "random");

test("compose: MAML on GPT-2 in code", async () => {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  const output = await run(tsx, join(examples, "compose/compose.ts"), "20");
  expect(output).toMatch(/update 20: loss \d\.\d{3}\n12 tasks never trained on: \d\d\.\d /);
});

test("sinusoid: MAML learns to adapt to curves in one step", async () => {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  const output = await run(tsx, join(examples, "sinusoid/sinusoid.ts"), "100");
  expect(output).toMatch(/update 100: loss \d\.\d\d\n/);
  const [before, after] = [...output.matchAll(/(-?\d+\.\d) %/g)].map(([, share]) => Number(share));
  expect(after).toBeGreaterThan(Number(before));
});

test("lora: MAML over a LoRA of a frozen model", async () => {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  const output = await run(tsx, join(examples, "lora/lora.ts"), "10");
  const stages = [...output.matchAll(/^(\w+): (\d+) parameters trained, loss \d+\.\d{3}$/gm)];
  // The base has embeddings of 256 tokens and 128 places, 64 wide: 24,576; two layers of 49,984 each,
  // of which 49,152 = 12 * 64^2 in matrices; and 128 in the last norm. The LoRA of rank 4 has
  // 4 * ((64 + 192) + (64 + 64) + (64 + 256) + (256 + 64)) = 4,096 in each layer.
  expect(stages.map(([, name, count]) => [name, Number(count)])).toEqual([
    ["base", 124_672],
    ["lora", 8_192],
  ]);
  const adapter = await readFile(join(folder, "checkpoint/lora/adapter_config.json"), "utf8");
  expect(JSON.parse(adapter)).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8 });
});

test("reptile: a plugin of one's own in a comparison", async () => {
  const output = await compare("reptile", `tasks.root=${tasks}`, "train.steps=8");
  expect(rowsOf(output)).toEqual(["reptile", "fomaml"]);
});

test("quickstart", async () => {
  const small = ["train.steps=4", "train.batchSize=2", "compare.seeds=[1]"];
  const output = await compare("quickstart", `tasks.root=${tasks}`, ...small);
  expect(rowsOf(output)).toEqual(["untrained", "metaicl", "fomaml", "maml-en-llm"]);
  expect(await readFile(join(folder, "quickstart/report.html"), "utf8")).toContain("maml-en-llm");
});

const absent = missing("data/metaicl");
describe.skipIf(absent)(`crossfit${absent ? ` (${absent})` : ""}`, () => {
  test("compares learners on real tasks", async () => {
    const output = await compare(
      "crossfit",
      `tasks.root=${shared("data/metaicl")}`,
      "tasks.maxTestExamples=2",
      "train.steps=4",
      "train.batchSize=1",
      "evaluate.seeds=[100]",
    );
    expect(rowsOf(output)).toEqual(["untrained", "metaicl", "fomaml", "maml-en-llm"]);
    expect(output).toContain("26 tasks never trained on");
  });

  test("compares learners and baselines of the shelf on real tasks", async () => {
    const { config } = await loadConfig(join(examples, "shelf/metalearn.config.yaml"), {});
    const toolkit = createToolkit([adapters, maml, metaicl, crossfit, gpt2, optimizers, runtimes]);
    for (const run of runsOf(config)) resolveRun(toolkit, run); // refuses what a component does not know

    // One run of each kind: all of them take long, small as they are.
    const some = ["fine-tune", "metaicl-nearest", "metaict", "lslr-adapted", "maml-lora"];
    const runs = Object.fromEntries(some.map((name) => [name, config.compare?.runs[name]]));
    const smaller = join(folder, "metalearn.config.json");
    await writeFile(smaller, JSON.stringify({ ...config, compare: { runs } }));
    const output = await run(
      command,
      "compare",
      "--config",
      smaller,
      `tasks.root=${shared("data/metaicl")}`,
      'tasks.targets=["quarel","poem_sentiment"]',
      "tasks.maxTestExamples=2",
      "tasks.maxExamplesPerTask=16",
      "model.layers=1",
      "model.width=8",
      "model.heads=1",
      "train.steps=2",
      "train.batchSize=1",
      "evaluate.seeds=[100]",
    );
    expect(rowsOf(output)).toEqual(some);
    expect(output).toContain("2 tasks never trained on");
  });
});
