import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { createToolkit, loadConfig, resolveRun, runsOf } from "@metalearn/core/runs";
import crossfit, { generateTasks } from "@metalearn/datasets-crossfit";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import runtimes from "@metalearn/runtime-tensorflow";
import { missing, shared } from "@metalearn/test-support/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

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

/** Checks a program's output: its decimals, in order, and its folder. */
type Check = (decimals: readonly number[], own: string) => void | Promise<void>;

/** The programs of one file, and what has to come out on every engine. */
const programs: Readonly<Record<string, Check>> = {
  "01-sinusoid-maml.ts": (decimals) => {
    const [before = 0, after = 0] = decimals.slice(-2);
    expect(after).toBeGreaterThan(before + 10);
  },
  "02-metaicl-on-your-csv.ts": ([, chance = 100, after]) => {
    expect(after).toBeGreaterThan(chance + 20);
  },
  "03-maml-on-gpt2.ts": ([mean, , chance = 1]) => expect(mean).toBeGreaterThan(chance + 0.1),
  "04-new-learner.ts": ([signMaml, fomaml]) => {
    expect(Math.min(Number(signMaml), Number(fomaml))).toBeGreaterThan(20);
  },
  "05-custom-sampler.ts": ([steep, curriculum]) => {
    expect(Math.min(Number(steep), Number(curriculum))).toBeGreaterThan(50);
  },
  // Trained parameters of the base: embeddings of 256 tokens and 128 positions, 64 wide: 24,576; two layers
  // of 49,984 each, 49,152 = 12 * 64^2 of them in matrices; and 128 in the last norm. The LoRA of rank 4 has
  // 4 * ((64 + 192) + (64 + 64) + (64 + 256) + (256 + 64)) = 4,096 in each layer.
  "06-lora-inner-loop.ts": async ([, base, chance = 100, , lora], own) => {
    expect(Math.min(Number(base), Number(lora))).toBeGreaterThan(chance + 10);
    const adapter = await readFile(join(own, "runs/gpt2-lora/lora/adapter_config.json"), "utf8");
    expect(JSON.parse(adapter)).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 8 });
  },
  // To first order in the inner rate, the second-order part grows as the rate does: three times as
  // large from 0.001 to 0.003.
  "07-second-order.ts": ([, share = 1, , , tripled = 0]) => {
    expect(tripled / share).toBeGreaterThan(2.5);
    expect(tripled / share).toBeLessThan(3.5);
  },
  "08-hugging-face.ts": ([, chance = 100, trained, , readBack]) => {
    expect(trained).toBeGreaterThan(chance + 10);
    expect(readBack).toBe(trained);
  },
  "09-gpt-neox.ts": ([mean = 0, chance = 100]) => expect(mean).toBeGreaterThan(chance + 10),
  "10-own-inner-loop.ts": (decimals) => {
    const [, first, , , , last = 0, explained] = decimals;
    expect(first).toBe(0.33); // three steps of equal weight
    expect(last).toBeGreaterThan(0.4);
    expect(explained).toBeGreaterThan(20);
  },
};

/** A program's comment at the top, which ends with what it prints, and its code. */
async function readProgram(file: string): Promise<{ shown: string; code: string }> {
  const source = await readFile(join(examples, file), "utf8");
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  const header = lines.slice(0, end);
  const command = header.findIndex((line) => line.startsWith("//   npx tsx examples/"));
  const shown = header.slice(command + 1).map((line) => line.replace("//", ""));
  return { shown: shown.join("\n"), code: lines.slice(end).join("\n").trimStart() };
}

/** Output without decimals, which differ from engine to engine, and without indentation. */
function stable(output: string): string[] {
  return output
    .replaceAll(/-?\d+\.\d+/g, "#")
    .split("\n")
    .map((line) => line.replaceAll(/\s+/g, " ").trim())
    .filter((line) => line !== "");
}

test("every program of the shelf is run", () => {
  const files = readdirSync(examples).filter((file) => /^\d.*\.ts$/.test(file));
  expect(files.sort()).toEqual(Object.keys(programs));
});

// As it is pasted elsewhere: in a folder of its own, with the packages as they are installed.
test.each(Object.entries(programs))("%s prints what it shows", async (file, check) => {
  const { shown, code } = await readProgram(file);
  const own = join(folder, file);
  await mkdir(own);
  await symlink(join(examples, "node_modules"), join(own, "node_modules"));
  await copyFile(join(examples, "pets.csv"), join(own, "pets.csv"));
  await writeFile(join(own, "pasted.mts"), code);
  const { VITEST: _, ...env } = process.env;
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  const options = { cwd: own, env };
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, "pasted.mts"], options);
  expect(stable(stdout)).toEqual(stable(shown));
  await check(
    [...stdout.matchAll(/-?\d+\.\d+/g)].map(([decimal]) => Number(decimal)),
    own,
  );
});

test("the page about architectures shows example 09 as it is, with its line count", async () => {
  const { code } = await readProgram("09-gpt-neox.ts");
  const [architecture = ""] = code.split("// The rest runs where this file is the program");
  const page = await readFile(join(root, "docs/architectures.md"), "utf8");
  const shown = [...page.matchAll(/^```typescript\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  expect(shown).toHaveLength(4);
  // Indentation on a page is its own, and so are line breaks that follow from it.
  const squeezed = (text: string) => text.replaceAll(/\s+/g, "").replaceAll(",)", ")");
  for (const text of shown) expect(squeezed(architecture)).toContain(squeezed(text));
  const stated = /is all of it, (\d+) lines that are not blank/.exec(page)?.[1];
  expect(Number(stated)).toBe(architecture.match(/^.*\S/gm)?.length);
});

describe("the README", () => {
  test("shows the program of 20 lines as it is", async () => {
    const { code } = await readProgram("03-maml-on-gpt2.ts");
    const readme = await readFile(join(root, "README.md"), "utf8");
    expect(readme).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
    expect(code.match(/^.*\S/gm)).toHaveLength(20);
  });
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
    await writeFile(smaller, JSON.stringify({ ...config.shared, compare: { runs } }));
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
