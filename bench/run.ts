// Measures metalearn beside its PyTorch peer: in every round each side runs once, in a process of its own,
// and the medians over rounds are compared. Absolute times depend on the machine and its load; the ratios of
// interleaved rounds are what counts.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkRow } from "./checkRow.js";
import { describeMachine } from "./machine.js";
import { type Inputs, measure, type Sample } from "./measure.js";
import { runPython } from "./programs.js";
import { isModel, rowsOf, summarize, table, writeResult } from "./results.js";
import type { Row, Side } from "./rows.js";
import { sharedFolder } from "./sharedFolder.js";
import { llamaSizeNamed, sizeNamed } from "./sizes.js";
import { writeQuestions } from "./targetQuestions.js";
import { openWorkFolder, type WorkFolder } from "./workFolder.js";

const { values } = parseArgs({
  options: {
    /** `gpt2` or `smollm2`: the rows to choose from. */
    model: { type: "string", default: "gpt2" },
    /** Names of rows. @default all of the model */
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    /** Number of timed updates, whose median is reported, after one warm-up update. */
    steps: { type: "string", default: "3" },
    /** Another model for all rows, for trials; results are then printed but not written. */
    size: { type: "string" },
    /** Questions per target task and set of demonstrations; score-repo reads one in `every`. */
    questions: { type: "string", default: "50" },
    every: { type: "string", default: "25" },
    /** `cpu` or `cuda:0`, for both sides; results are then printed but not written. */
    device: { type: "string" },
    python: { type: "string", default: process.env.METALEARN_PYTHON ?? "python3" },
    peer: { type: "string", default: join(sharedFolder, "bench/bench_torch.py") },
    data: { type: "string", default: join(sharedFolder, "data/metaicl") },
  },
});
const { model } = values;
if (!isModel(model)) throw new Error(`--model should be ${Object.keys(rowsOf).join(" or ")}`);
const rows = rowsOf[model];
const names = values.only?.split(",") ?? rows.map(({ name }) => name);
const chosen = names.map((name) => {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`No row is called ${name}: ${rows.map((r) => r.name).join(", ")}`);
  return row;
});
if (model === "gpt2" && !existsSync(values.peer)) {
  console.error(`The peer is not at ${values.peer}: name it with --peer, or set METALEARN_SHARED.`);
  process.exit(1);
}

const machine = `${await describeMachine()}; ${await versionsOfPeer()}.`;
const folder = openWorkFolder();
for (const row of chosen) {
  console.log(`\n${row.name}: ${row.title}`);
  if (row.questions && !existsSync(values.data)) {
    console.log(`  skipped: ${values.data} is not there; name it with --data`);
    continue;
  }
  const inputs = await inputsOf(row, folder);
  const agreements = await checkRow(row, inputs, folder.path);
  for (const sentence of agreements) console.log(`  ${sentence}`);
  const result = summarize(row, await takeSamples(row, inputs), agreements);
  console.log(`\n${table(row, result)}`);
  if (values.size || values.device) continue;
  await writeResult(model, machine, row.name, result);
}

async function inputsOf(row: Row, folder: WorkFolder): Promise<Inputs> {
  const { steps, python, peer, data, every, device } = values;
  const known = model === "smollm2" ? llamaSizeNamed : sizeNamed;
  const size = known(values.size ?? row.size ?? "gpt2");
  const questions = join(folder.path, "questions.json");
  if (row.questions) await writeQuestions(data, Number(values.questions), questions);
  const weights = await folder.weights(size);
  return { size, weights, steps, python, peer, questions, every, ...(device && { device }) };
}

async function takeSamples({ ours, peers }: Row, inputs: Inputs): Promise<Map<Side, Sample[]>> {
  const samples = new Map<Side, Sample[]>([...ours, ...peers].map((side) => [side, []]));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [side, taken] of samples) {
      const sample = await measure(side, inputs);
      taken.push(sample);
      const { seconds, peakMiB } = sample;
      console.log(`  round ${round}: ${side.label} ${seconds.toFixed(3)} s, ${peakMiB} MiB`);
    }
  }
  return samples;
}

async function versionsOfPeer(): Promise<string> {
  const code = "import torch, transformers; print(torch.__version__, transformers.__version__)";
  const [torch, transformers] = (await runPython(values.python, ["-c", code])).trim().split(" ");
  return `PyTorch ${torch}, transformers ${transformers}`;
}
