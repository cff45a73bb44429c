// `npm run replication -- EXPERIMENT --data FOLDER`: one experiment of examples/replication, and its results.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, install, metalearn, requireNode, root, setupEngine, step } from "./steps.mjs";

const example = join(root, "examples/replication");
const ending = ".config.mjs";
const files = await readdir(example);
const experiments = files
  .filter((file) => file.endsWith(ending))
  .map((f) => f.slice(0, -ending.length));

const { values, positionals } = parseArgs({
  options: { data: { type: "string" }, out: { type: "string" } },
  allowPositionals: true,
});
const [experiment = "", ...changes] = positionals;
const data = resolve(process.env.INIT_CWD ?? ".", values.data ?? "");
if (!experiments.includes(experiment) || !values.data) {
  fail(`Usage: npm run replication -- ${experiments.join(" | ")} --data FOLDER [--out FOLDER] [KEY=VALUE ...]

  --data  MetaICL's data: a folder with {task}/{task}_{k}_{seed}_{split}.jsonl and config/hr_to_lr.json
  --out   folder of the runs; an interrupted experiment resumes there (runs/replication/EXPERIMENT)`);
}
if (!existsSync(join(data, "config/hr_to_lr.json"))) {
  fail(`Expected MetaICL's data in ${data}, but it has no config/hr_to_lr.json.`);
}

requireNode();
install();
build();
setupEngine();
const { fetchModel } = await import("../examples/pretrained/fetchModel.mjs");
const { keepResults } = await import("../examples/replication/keepResults.mjs");
const weights = await fetchModel().catch((error) => fail(error.message));
const out = resolve(values.out ?? join(root, "runs/replication", experiment));
step(`The experiment ${experiment}`, () =>
  metalearn([
    ...["compare", "--config", join(example, experiment + ending)],
    ...[`model.weights=${weights}`, `tasks.root=${data}`, `out=${out}`, ...changes],
  ]),
);
console.log(`Kept in ${await keepResults(out, experiment)}.`);

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
