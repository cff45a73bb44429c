// The small results of finished runs, as they are kept in this folder: scores, learning curve, config, checksums.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { hashOf } from "../pretrained/fetchModel.mjs";

const results = join(import.meta.dirname, "results");

/**
 * Writes `results/EXPERIMENT/RUN.json` for every finished run of a folder.
 *
 * @param {string} runs the folder of the runs
 * @param {string} experiment
 * @returns {Promise<string>} the folder of the results
 */
export async function keepResults(runs, experiment) {
  const folder = join(results, experiment);
  await mkdir(folder, { recursive: true });
  const entries = await readdir(runs, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const kept = await resultsOf(join(runs, name));
    if (kept) await writeFile(join(folder, `${name}.json`), `${JSON.stringify(kept)}\n`);
  }
  return folder;
}

/** @param {string} run its folder */
async function resultsOf(run) {
  const evaluation = await readJson(join(run, "evaluation.json"));
  if (!evaluation) return undefined; // not finished
  const { name, config, updates, engine, versions, machine, created } = await readJson(
    join(run, "run.json"),
  );
  const { predictions, ...scores } = evaluation;
  return {
    name,
    // Only names of files: where they lie is nobody's concern.
    config: {
      ...config,
      model: { ...config.model, weights: basename(config.model.weights) },
      tasks: { ...config.tasks, root: basename(config.tasks.root) },
    },
    ...{ updates, engine, versions, machine, created },
    evaluation: scores,
    curve: await curveOf(join(run, "metrics.jsonl")),
    ...(predictions && { predictionsSha256: await hashOf(join(run, predictions)) }),
  };
}

/** @param {string} file lines of metrics */
async function curveOf(file) {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** @param {string} file */
async function readJson(file) {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}
