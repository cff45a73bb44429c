// Measures metalearn beside its PyTorch peer: in every round each side runs once, in a process of
// its own, and the medians over rounds are compared. Absolute times move with the machine and its
// neighbours; ratios of one interleaved run count.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { tensorflow } from "@metalearn/runtime-tensorflow";
import { type Row, rows, type Side } from "./rows.js";

const shared = process.env.METALEARN_SHARED ?? join(import.meta.dirname, "../../shared");
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: rows.map(({ name }) => name).join(",") },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "3" },
    python: { type: "string", default: process.env.METALEARN_PYTHON ?? "python3" },
    peer: { type: "string", default: join(shared, "bench/bench_torch.py") },
    out: { type: "string", default: join(import.meta.dirname, "RESULTS.md") },
  },
});

/** One run of one side. */
interface Sample {
  readonly seconds: number;
  readonly peakMiB: number;
}

const threads = availableParallelism();
const run = async (command: string, args: readonly string[]) =>
  (await promisify(execFile)(command, args, { maxBuffer: 1 << 24 })).stdout;

async function measureOurs({ args }: Side): Promise<Sample> {
  const tsx = join(import.meta.dirname, "../node_modules/tsx/dist/cli.mjs");
  const program = [tsx, join(import.meta.dirname, "ours.ts"), "--steps", values.steps];
  const { seconds, peakMiB } = JSON.parse(await run(process.execPath, [...program, ...args]));
  return { seconds: median(seconds), peakMiB };
}

async function measurePeer({ args }: Side): Promise<Sample> {
  const shared = ["--steps", values.steps, "--threads", String(threads), "--max-foreign", "-1"];
  const result = JSON.parse(await run(values.python, [values.peer, ...shared, ...args]));
  if (result.error) throw new Error(`${args.join(" ")}: ${result.error}`);
  return { seconds: result.median_s, peakMiB: result.peak_rss_mib };
}

async function measure({ ours, peers }: Row): Promise<Map<Side, Sample[]>> {
  const samples = new Map<Side, Sample[]>([...ours, ...peers].map((side) => [side, []]));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [side, taken] of samples) {
      const sample = await (ours.includes(side) ? measureOurs : measurePeer)(side);
      taken.push(sample);
      console.log(
        `  round ${round}: ${side.label} ${sample.seconds.toFixed(3)} s, ${sample.peakMiB} MiB`,
      );
    }
  }
  return samples;
}

function table({ title, ours }: Row, samples: Map<Side, Sample[]>): string {
  const middle = (side: Side, of: keyof Sample) =>
    median((samples.get(side) ?? []).map((sample) => sample[of]));
  const own = ours[0] as Side;
  const lines = [...samples.keys()].map((side) => {
    const [seconds, memory] = [middle(side, "seconds"), middle(side, "peakMiB")];
    const spread = (samples.get(side) ?? []).map((sample) => sample.seconds);
    const range = `${Math.min(...spread).toFixed(2)} to ${Math.max(...spread).toFixed(2)}`;
    const ratio = (seconds / middle(own, "seconds")).toFixed(2);
    const memoryRatio = (memory / middle(own, "peakMiB")).toFixed(2);
    return `| ${side.label} | ${seconds.toFixed(3)} | ${range} | ${ratio} | ${memory} | ${memoryRatio} |`;
  });
  return [
    `## ${title}`,
    "",
    "| | seconds | range | times ours | peak MiB | times ours |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[half - 1], sorted[half]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

async function machine(): Promise<string> {
  const runtime = await tensorflow();
  const ours = `TensorFlow ${runtime.version}, Node ${process.versions.node}`;
  runtime.dispose();
  const code = "import torch, transformers; print(torch.__version__, transformers.__version__)";
  const [torch, transformers] = (await run(values.python, ["-c", code])).trim().split(" ");
  return (
    `${cpus()[0]?.model}, ${threads} threads, ${Math.round(totalmem() / 2 ** 30)} GiB; ${ours}; ` +
    `PyTorch ${torch}, transformers ${transformers}. ${new Date().toISOString().slice(0, 10)}.`
  );
}

if (!existsSync(values.peer)) {
  console.error(`The peer is not at ${values.peer}: name it with --peer, or set METALEARN_SHARED.`);
  process.exit(1);
}
const tables: string[] = [];
for (const name of values.rows.split(",")) {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`No row is called ${name}: ${rows.map((r) => r.name).join(", ")}`);
  console.log(row.title);
  tables.push(table(row, await measure(row)));
  const heading =
    "# Results\n\nWritten by `npm run bench`: GPT-2 small with random weights, sequences of 256 tokens of which 8 are scored, float32 unless said otherwise. " +
    `Medians over ${values.rounds} rounds in which every side ran once, a process each; a run's time is its median of ` +
    `${values.steps} steps after one to warm up. Peak memory is that of the whole process.\n\n`;
  await writeFile(values.out, `${heading}${await machine()}\n\n${tables.join("\n")}`);
}
