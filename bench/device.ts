// Measures metalearn beside its PyTorch peer on one device, by default GPT-2 medium with 1024 tokens. Writes
// device.json and DEVICE.md into a folder after every row.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@metalearn/core";
import { tensorflow } from "@metalearn/runtime-tensorflow";
import { flopsOf } from "./device/flops.js";
import { type DeviceResults, devicePage, type SideOutcome } from "./device/page.js";
import { type DeviceRow, deviceRows } from "./device/rows.js";
import { describeMachine, today } from "./machine.js";
import { type Inputs, measure } from "./measure.js";
import { runPython } from "./programs.js";
import type { Side } from "./rows.js";
import { sharedFolder } from "./sharedFolder.js";
import { sizeNamed, sizes } from "./sizes.js";
import { openWorkFolder } from "./workFolder.js";

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cuda:0" },
    out: { type: "string" },
    only: { type: "string", default: deviceRows.map(({ name }) => name).join(",") },
    rounds: { type: "string", default: "3" },
    /** Number of timed steps, whose median is reported, after warm-up steps. */
    steps: { type: "string", default: "10" },
    warmup: { type: "string", default: "3" },
    size: { type: "string", default: "gpt2-medium" },
    time: { type: "string", default: "1024" },
    scored: { type: "string", default: "8" },
    /** True to run only our side, where PyTorch is not installed. */
    alone: { type: "boolean", default: false },
    python: { type: "string", default: process.env.METALEARN_PYTHON ?? "python3" },
    peer: { type: "string", default: join(sharedFolder, "bench/bench_torch.py") },
  },
});
if (!values.out) throw new Error("--out should name a folder for the results");
const names = values.only.split(",");
const chosen = deviceRows.filter(({ name }) => names.includes(name));
if (chosen.length < names.length) {
  throw new Error(`--only should be some of ${deviceRows.map(({ name }) => name).join(",")}`);
}
const { device, out, python } = values;
const size = sizeNamed(values.size);
const [time, scored] = [Number(values.time), Number(values.scored)];

await requireDevice();
await mkdir(out, { recursive: true });
const inputs: Inputs = {
  size,
  weights: await openWorkFolder().weights(size),
  ...{ steps: values.steps, python, peer: values.peer, device, questions: "", every: "1" },
};
const teraflops = values.alone ? undefined : await matrixRate();
let results: DeviceResults = {
  machine: `${device} of ${await describeMachine()}`,
  date: today(),
  model: { size, time, scored },
  ...(teraflops && { teraflops }),
  rows: {},
};
for (const row of chosen) {
  console.log(`\n${row.name}: ${row.title}`);
  const outcome = {
    flops: flopsOf(row, sizes[size], { time, scored }),
    sides: await takeSides(row),
  };
  results = { ...results, rows: { ...results.rows, [row.name]: outcome } };
  await writeFile(join(out, "device.json"), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(out, "DEVICE.md"), devicePage(results, deviceRows));
}
console.log(`\n${devicePage(results, deviceRows)}`);

/** In every round each side runs once; a side that fails, for example out of memory, is not tried again. */
async function takeSides({ ours, peers }: DeviceRow): Promise<SideOutcome[]> {
  const sides = values.alone ? ours : [...ours, ...peers];
  const outcomes = new Map<Side, SideOutcome>();
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const side of sides) {
      const before = outcomes.get(side);
      if (before && "error" in before) continue;
      const outcome = await takeSide(side, before?.seconds ?? []);
      outcomes.set(side, outcome);
      const last = "error" in outcome ? outcome.error : `${outcome.seconds.at(-1)?.toFixed(4)} s`;
      console.log(`  round ${round}: ${side.label} ${last}`);
    }
  }
  return [...outcomes.values()];
}

async function takeSide(side: Side, earlier: readonly number[]): Promise<SideOutcome> {
  const { label, program } = side;
  const shape =
    program === "peer"
      ? ["--T", values.time, "--max-length", values.time, "--loss-tokens", values.scored]
      : ["--time", values.time, "--scored", values.scored];
  try {
    const args = [...shape, "--warmup", values.warmup, ...side.args];
    const { seconds, deviceMiB } = await measure({ ...side, args }, inputs);
    return { label, seconds: [...earlier, seconds], ...(deviceMiB && { deviceMiB }) };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim() || messageOf(error);
    return { label, error: (said.split("\n").at(-1) ?? "").slice(0, 200).replaceAll("|", "/") };
  }
}

async function matrixRate(): Promise<number | undefined> {
  const script = join(import.meta.dirname, "device/matrix_rate.py");
  const where = device === "cpu" ? "cpu" : "cuda";
  return Number(await runPython(python, [script, "--device", where]).catch(() => 0)) || undefined;
}

/** Refuses a device that does not exist before anything is measured. */
async function requireDevice(): Promise<void> {
  (await tensorflow({ device: device as "cpu" })).dispose();
}
