import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "@metalearn/test-support/command";
import { afterAll, beforeAll, expect, test } from "vitest";
// @ts-expect-error: a program without types
import { fetchModel } from "../examples/pretrained/fetchModel.mjs";
// @ts-expect-error: a program without types
import { makeTasks } from "../examples/pretrained/makeTasks.mjs";

const config = join(import.meta.dirname, "../examples/pretrained/metalearn.config.yaml");

let folder: string;
let weights: string;
/** Why the model cannot be had: there is no pip, or no index that it reaches. */
let missing: string | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-pretrained-"));
  weights = await fetchModel().catch((error: Error) => {
    missing = error.message;
    return "";
  });
}, 600_000);
afterAll(() => rm(folder, { recursive: true }));

// `npm run pretrained`, after it has installed and built.
test("a pretrained model learns generated tasks in context", async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  await makeTasks();
  const compared = await run(
    ["compare", "--config", config, `model.weights=${weights}`, `out=${folder}`],
    { cwd: folder },
  );
  expect(compared).toMatchObject({ code: 0 });
  // The table: name, mean and worst over all tasks.
  const means = new Map(
    [...compared.stdout.matchAll(/^│ ([\w-]+) +│ +([\d.]+) \//gm)].map(([, name, mean]) => [
      name,
      Number(mean) / 100,
    ]),
  );
  const mean = (name: string) => means.get(name) ?? Number.NaN;
  // 120 questions with two options each: guessing is within 0.1 of a half in 97 of 100 cases.
  expect(mean("zero-shot")).toBeLessThan(0.6);
  expect(mean("4-shot")).toBeGreaterThan(0.65);
  expect(mean("16-shot")).toBeGreaterThan(0.8);
}, 600_000);

test("it continues a sentence as transformers does", async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  const { code, stdout } = await run(
    [
      ...["predict", "--checkpoint", weights, "--max-new-tokens", "12", "--input"],
      "Once upon a time, there was a little girl who",
    ],
    { cwd: folder },
  );
  // transformers 5.18, float32, greedy
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining("loved to play with her toys. She had a big imagination"),
  });
}, 600_000);
