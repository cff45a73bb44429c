import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "../src/checkpoint/checkpoint.js";
import { writeChecksums } from "../src/checkpoint/checksums.js";
import type { Model } from "../src/contracts/model.js";
import type { Params } from "../src/params.js";
import { toyModel } from "../src/testing/index.js";

const inFolder = temporaryFolder();
const model = toyModel();

/** Two tensors, one of them with a slash in its name. */
const tensors = (first: number): Params => ({
  "block/0.weight": tf.tensor2d([first, first + 0.1, first + 0.2], [1, 3]),
  bias: tf.tensor1d([-first]),
});

const checkpoint: Checkpoint = {
  update: 7,
  params: tensors(1),
  state: {
    optimizer: { step: 15, update: 7, slots: { m: tensors(2), v: tensors(3) } },
    inner: { step: 14, update: 6, slots: { velocity: tensors(4) } },
  },
  sampler: { drawn: 2 ** 40, epoch: 3 },
};

/** Everything as plain JSON, tensors as their shape and values. */
function plain(value: unknown): unknown {
  if (value instanceof tf.Tensor) return { shape: value.shape, values: [...value.dataSync()] };
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, inner]) => [key, plain(inner)]);
}

describe("a checkpoint", () => {
  test("comes back as it was: parameters, moments, counters, sampler", async () => {
    await saveCheckpoint(inFolder("saved"), model, checkpoint);
    const { params, state, sampler, update } = await loadCheckpoint(inFolder("saved"), model);
    expect(plain({ update, params, state, sampler })).toEqual(plain(checkpoint));
  });

  test("of optimizers without moments comes back", async () => {
    const state = { optimizer: { step: 2, update: 2, slots: {} } };
    await saveCheckpoint(inFolder("saved"), model, { ...checkpoint, state });
    expect((await loadCheckpoint(inFolder("saved"), model)).state).toEqual(state);
  });

  test("holds the parameters in the model's own format, in a folder of their own", async () => {
    const own: Model = {
      ...model,
      save: async (params, directory) => writeFile(join(directory, "names"), Object.keys(params)),
      load: async (directory) => ({
        [await readFile(join(directory, "names"), "utf8")]: tf.ones([]),
      }),
    };
    await saveCheckpoint(inFolder("saved"), own, { ...checkpoint, params: { only: tf.ones([]) } });
    expect(await readdir(inFolder("saved/model"))).toEqual(["names"]);
    const { params } = await loadCheckpoint(inFolder("saved"), own);
    expect(Object.keys(params)).toEqual(["only"]);
  });

  test("whose parameters cannot be written is not there at all", async () => {
    const failing: Model = {
      ...model,
      save: () => Promise.reject(new Error("the disk is full")),
    };
    await expect(saveCheckpoint(inFolder("saved"), failing, checkpoint)).rejects.toThrow(
      "the disk is full",
    );
    expect(await readdir(inFolder())).toEqual([]);
  });
});

describe("a damaged checkpoint is refused", () => {
  beforeEach(() => saveCheckpoint(inFolder("saved"), model, checkpoint));

  const refused = (message: string) =>
    expect(loadCheckpoint(inFolder("saved"), model)).rejects.toThrow(message);

  async function halve(file: string) {
    const bytes = await readFile(inFolder("saved", file));
    await writeFile(inFolder("saved", file), bytes.subarray(0, bytes.length / 2));
  }

  test.each(["training.json", "optimizer.safetensors", "model/model.safetensors"])(
    "with half of %s",
    async (file) => {
      await halve(file);
      await refused("[BAD_CHECKPOINT]");
    },
  );

  test.each(["training.json", "optimizer.safetensors", "model/model.safetensors"])(
    "without %s",
    async (file) => {
      await rm(inFolder("saved", file));
      await refused(
        `[BAD_CHECKPOINT] ${inFolder("saved")} is damaged or incomplete: ${file} is missing.`,
      );
    },
  );

  test.each(["training.json", "optimizer.safetensors", "model/model.safetensors", "SHA256SUMS"])(
    "with one bit of %s flipped, wherever it is",
    async (file) => {
      const bytes = await readFile(inFolder("saved", file));
      for (const at of [0, 9, bytes.length >> 1, bytes.length - 1]) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        await writeFile(inFolder("saved", file), flipped);
        await refused("[BAD_CHECKPOINT]");
      }
      await writeFile(inFolder("saved", file), bytes);
      expect((await loadCheckpoint(inFolder("saved"), model)).update).toBe(7);
    },
  );

  test("with a file that was not written", async () => {
    await writeFile(inFolder("saved/model/more.safetensors"), "");
    await refused("SHA256SUMS does not know model/more.safetensors.");
  });

  const hasSha256sum = spawnSync("sha256sum", ["--version"]).status === 0;
  test.skipIf(!hasSha256sum)("by sha256sum as well", async () => {
    const check = () =>
      spawnSync("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: inFolder("saved") });
    expect(check().status).toBe(0);
    await halve("optimizer.safetensors");
    expect(check().status).toBe(1);
  });

  test.each([
    ["another format", { format: 2 }],
    ["a count that is no number", { update: "seven" }],
    ["a sampler that is no record of numbers", { sampler: { drawn: null } }],
    ["something unknown", { epoch: 1 }],
  ])("with %s in its record", async (_, change) => {
    const path = inFolder("saved/training.json");
    const record = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...record, ...change }));
    await writeChecksums(inFolder("saved"));
    await refused(`[BAD_CHECKPOINT] ${path} is not a checkpoint's record.`);
  });
});
