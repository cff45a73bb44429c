// Checks and measures metalearn on one device, for a machine with a GPU, and writes the results into a
// folder: doctor, goldens and conformance suites, benchmarks.
//   node scripts/deviceCheck.mjs --out FOLDER [--device cuda:0] [--shared FOLDER] [--steps doctor,tests,…]
//     [-- flags for bench/device.ts]
// Needs nothing but the packages; in a pack (scripts/packCheck.mjs) it is started as `check/run`.
import { spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const require = createRequire(join(root, "package.json"));
const binary = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: "device-check" },
    device: { type: "string", default: "cuda:0" },
    /** Folder with `bench`, and with further numbers for the goldens in `golden`, if any. */
    shared: { type: "string", default: join(root, "../shared") },
    steps: { type: "string", default: "doctor,tests,tests-tf32,bench,memory" },
  },
});
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const { device } = values;
const environment = {
  METALEARN_SHARED: resolve(values.shared),
  METALEARN_TEST_DEVICE: device,
};

const vitest = (name) => [
  binary("vitest", "vitest.mjs"),
  ...["run", "--root", root, "--config", join(root, "vitest.device.config.ts")],
  ...["--reporter=default", "--reporter=json", `--outputFile.json=${join(out, `${name}.json`)}`],
];
const bench = (folder, ...flags) => [
  binary("tsx", "dist/cli.mjs"),
  ...["--conditions=@metalearn/source", join(root, "bench/device.ts")],
  ...["--device", device, "--out", folder, ...positionals, ...flags],
];
const steps = {
  doctor: { args: [join(root, "packages/cli/bin/metalearn.js"), "doctor"] },
  tests: { args: vitest("tests") },
  // Measures the errors of TensorFloat-32; it may fail, because the tolerances are those of float32.
  "tests-tf32": { args: vitest("tests-tf32"), env: { METALEARN_TEST_TF32: "1" }, mayFail: true },
  bench: { args: bench(out) },
  // CUDA's own allocator counts the memory of tensors; TensorFlow's reserves more than they need.
  memory: {
    args: bench(join(out, "memory"), "--alone", "--rounds", "1", "--steps", "2", "--warmup", "1"),
    env: { TF_GPU_ALLOCATOR: "cuda_malloc_async" },
  },
};

const chosen = values.steps.split(",");
const unknown = chosen.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`--steps: expected some of ${Object.keys(steps).join(",")}, got ${unknown}.`);
  process.exit(2);
}
const summary = {};
for (const name of chosen) {
  const { args, env } = steps[name];
  console.log(`\n== ${name}`);
  const begun = Date.now();
  const log = openSync(join(out, `${name}.log`), "w");
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment, ...env },
    stdio: ["ignore", log, log],
  });
  summary[name] = { exitCode: status, seconds: Math.round((Date.now() - begun) / 1000) };
  writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  console.log(
    readFileSync(join(out, `${name}.log`), "utf8")
      .trim()
      .split("\n")
      .slice(-12)
      .join("\n"),
  );
  console.log(`== ${name}: exit code ${status}, ${summary[name].seconds} s`);
}
const failures = chosen.filter((name) => summary[name].exitCode !== 0 && !steps[name].mayFail);
process.exitCode = failures.length === 0 ? 0 : 1;
