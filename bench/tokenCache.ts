/**
 * Measures the time of opening tasks, with and without cached tokens: medians of five processes.
 *
 *   npx tsx --conditions=@metalearn/source bench/tokenCache.ts                    a generated corpus of 100,000 rows
 *   npx tsx --conditions=@metalearn/source bench/tokenCache.ts ROOT SETTING       a data folder of your own
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { randomFor } from "@metalearn/core";
import { crossfit } from "@metalearn/datasets-crossfit";
import { gpt2Tokenizer } from "@metalearn/models-gpt2";
import * as tf from "@tensorflow/tfjs";

const runs = 5;
const [root, setting, start] = process.argv.slice(2);

if (start === "open" && root && setting) await open(root, setting, process.argv[5] === "cache");
else await measure();

/** Opens the tasks and draws a batch, in a process of its own; prints the milliseconds of both. */
async function open(root: string, setting: string, cache: boolean): Promise<void> {
  gpt2Tokenizer.encode("loads the vocabulary");
  const begun = performance.now();
  const tasks = await crossfit({ root, setting, tokenizer: gpt2Tokenizer, targets: [], cache });
  const sampler = tasks.sampler({ seed: 100, batchSize: 8 });
  const shape = { tasks: 1, support: 0, query: 1 } as const;
  const episodes = sampler.next({ ...shape, querySource: "same-task", unit: "mixture" });
  console.log(`ms: ${performance.now() - begun}`);
  tf.dispose(episodes.map(({ query }) => ({ ...query })));
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "metalearn-bench-"));
  try {
    if (!root) await writeCorpus(folder, { tasks: 40, rows: 2_500 });
    const where = root && setting ? [root, setting] : [folder, "corpus"];
    const cache = join(folder, "cache");
    const once = async (kind: string) => {
      const args = [...process.execArgv, import.meta.filename, ...where, "open", kind];
      const env = { ...process.env, METALEARN_CACHE: cache };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      return Number(/ms: (.*)/.exec(stdout)?.[1]);
    };
    const times: Record<string, number[]> = { uncached: [], "first run": [], "later run": [] };
    for (let i = 0; i < runs; i++) {
      await rm(cache, { recursive: true, force: true });
      times.uncached?.push(await once("no cache"));
      times["first run"]?.push(await once("cache"));
      times["later run"]?.push(await once("cache"));
    }
    for (const [name, all] of Object.entries(times)) {
      const sorted = all.toSorted((a, b) => a - b).map(Math.round);
      console.log(
        `${name}: ${sorted[Math.floor(runs / 2)]} ms until the first batch (${sorted.join(", ")})`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Tasks with texts as long as real ones: sentences of everyday words. */
async function writeCorpus(folder: string, size: { tasks: number; rows: number }): Promise<void> {
  const words =
    "the of and a to in is was for that with as on by at from it his her which were are this had not but have one all their they who been its she when would more will if out so said what up about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through years where much your way well down should because each just those people mister how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three".split(
      " ",
    );
  const names = Array.from({ length: size.tasks }, (_, i) => `corpus_${i}`);
  await mkdir(join(folder, "config/tasks"), { recursive: true });
  const write = (path: string, value: object) =>
    writeFile(join(folder, path), JSON.stringify(value));
  await write("config/corpus.json", { train: names, test: [], unseen_domain_test: [] });
  for (const task of names) {
    const random = randomFor("corpus", task);
    const lines = Array.from({ length: size.rows }, () => {
      const count = 20 + random.integer(80);
      const text = Array.from({ length: count }, () => words[random.integer(words.length)]);
      const options = ["positive", "negative", "neutral"];
      const row = { task, input: text.join(" "), output: options[random.integer(3)], options };
      return `${JSON.stringify(row)}\n`;
    });
    await mkdir(join(folder, task));
    await writeFile(join(folder, task, `${task}_16384_100_train.jsonl`), lines.join(""));
    await write(`config/tasks/${task}.json`, { task_type: "free-form", options: null });
  }
}
