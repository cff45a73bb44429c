// Measures metalearn beside its PyTorch peer: in every round each side runs once, in a process of its own,
// and the medians over rounds are compared. Absolute times depend on the machine and its load; the ratios of
// interleaved rounds are what counts.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "./machine.js";
import { type Inputs, measure, type Sample } from "./measure.js";
import { runPython } from "./programs.js";
import { readResults, summarize, table, writeResults } from "./results.js";
import { type Row, rows, type Side } from "./rows.js";
import { sharedFolder } from "./sharedFolder.js";
import { sizeNamed } from "./sizes.js";
import { writeQuestions } from "./targetQuestions.js";
import { openWorkFolder, type WorkFolder } from "./workFolder.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: rows.map(({ name }) => name).join(",") },
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
const chosen = values.only.split(",").map((name) => {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`No row is called ${name}: ${rows.map((r) => r.name).join(", ")}`);
  return row;
});
if (!existsSync(values.peer)) {
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
  const result = summarize(row, await takeSamples(row, await inputsOf(row, folder)));
  console.log(`\n${table(row, result)}`);
  if (values.size || values.device) continue;
  const known = await readResults(machine);
  await writeResults({ machine, rows: { ...known.rows, [row.name]: result } });
}

async function inputsOf(row: Row, folder: WorkFolder): Promise<Inputs> {
  const { steps, python, peer, data, every, device } = values;
  const size = sizeNamed(values.size ?? row.size ?? "gpt2");
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
