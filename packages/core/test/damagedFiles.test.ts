import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { damaged, tryDamaged } from "@metalearn/test-support/damaged";
import { rawSafetensors, splitSafetensors } from "@metalearn/test-support/rawSafetensors";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, test } from "vitest";
import { openTensors } from "../src/checkpoint/openTensors.js";
import { writeSafetensors } from "../src/checkpoint/safetensors.js";
import { type Random, randomFor } from "../src/random.js";
import { pickle } from "./support/rawPickle.js";
import { rawZip, unzip } from "./support/rawZip.js";
import { rawZip64 } from "./support/rawZip64.js";

const inFolder = temporaryFolder();
const fixture = (name: string) => join(import.meta.dirname, "fixtures/torch", name);

async function tryMany(path: string, make: (random: Random) => Buffer): Promise<void> {
  await tryDamaged(inFolder(path), openTensors, (seed) => make(randomFor(seed, path)));
}

describe("a damaged file is read or refused, whatever the damage", () => {
  test.each(["views.pt", "types.pt", "legacy.pt", "unchecked.pt"])("(%s)", async (name) => {
    const whole = await readFile(fixture(name));
    await tryMany("damaged.pt", (random) => damaged(whole, random));
  });

  test.each(["views.pt", "types.pt", "module.pt"])(
    "of the pickle in an archive whose checksums are right (%s)",
    async (name) => {
      const files = unzip(await readFile(fixture(name)));
      await tryMany("damaged.pt", (random) =>
        rawZip(
          files.map(({ name, data }) => ({
            name,
            data: name.endsWith("data.pkl") ? damaged(Buffer.from(data), random) : data,
          })),
        ),
      );
    },
  );

  test("of an archive of 64 bits", async () => {
    const whole = rawZip64([
      { name: "a/data.pkl", data: Buffer.from(pickle({ x: {} }), "latin1") },
      { name: "a/data/0", data: new Uint8Array(24) },
    ]);
    const bytes = Buffer.concat(whole.map(({ data }) => data));
    await tryMany("damaged.pt", (random) => damaged(bytes, random));
  });

  test("of safetensors, or of their header alone", async () => {
    const path = inFolder("whole.safetensors");
    const params = { "a.b": tf.tensor2d([1, 2, 3, 4], [2, 2]), c: tf.tensor1d([5, 6], "int32") };
    await writeSafetensors(path, params, { format: "pt" });
    const whole = await readFile(path);
    const { header, data } = splitSafetensors(whole);
    const text = Buffer.from(JSON.stringify(header));
    await tryMany("damaged.safetensors", (random) =>
      random.uniform() < 0.5
        ? damaged(whole, random)
        : rawSafetensors(damaged(text, random).toString("latin1"), data),
    );
  });
});
