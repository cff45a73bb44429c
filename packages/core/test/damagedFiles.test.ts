import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rawSafetensors, splitSafetensors } from "@metalearn/test-support/rawSafetensors";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { openTensors } from "../src/checkpoint/openTensors.js";
import { writeSafetensors } from "../src/checkpoint/safetensors.js";
import type { TensorFile } from "../src/checkpoint/tensorFile.js";
import { MetaError } from "../src/errors.js";
import { type Random, randomFor } from "../src/random.js";
import { pickle } from "./support/rawPickle.js";
import { rawZip, unzip } from "./support/rawZip.js";
import { rawZip64 } from "./support/rawZip64.js";

const inFolder = temporaryFolder();
const fixture = (name: string) => join(import.meta.dirname, "fixtures/torch", name);

/** How many damaged files each test tries; more by hand now and then. */
const tries = Number(process.env.METALEARN_FUZZ ?? 100);

/** A copy with one to four bytes changed, a piece doubled, taken out or cut off. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const place = () => random.integer(bytes.length);
  const [from, to] = [place(), place()].sort((a, b) => a - b) as [number, number];
  const kind = random.uniform();
  if (kind < 0.05) return bytes.subarray(0, from);
  if (kind < 0.1) return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  if (kind < 0.15) return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  const copy = Buffer.from(bytes);
  for (let left = 1 + random.integer(4); left > 0; left--) {
    const extreme = [0, 1, 0x7f, 0x80, 0xff][random.integer(5)] as number;
    copy[place()] = random.uniform() < 0.5 ? random.integer(256) : extreme;
  }
  return copy;
}

/** Reads all that can be read: it ends, and if in an error, in one that says what to do. */
async function readsOrRefuses(path: string): Promise<void> {
  const { size } = await stat(path);
  let file: TensorFile | undefined;
  try {
    file = await openTensors(path);
    for (const name of Object.keys(file.entries)) {
      const tensor = await file.read(name).catch(expectRefusal);
      // No tensor is larger than the file.
      expect(2 * (tensor?.size ?? 0)).toBeLessThanOrEqual(size);
      tensor?.dispose();
    }
  } catch (error) {
    expectRefusal(error);
  } finally {
    await file?.close();
  }
}

function expectRefusal(error: unknown): undefined {
  if (!(error instanceof MetaError)) throw error;
  expect(error.code).toBe("BAD_CHECKPOINT");
}

async function tryMany(path: string, make: (random: Random) => Buffer): Promise<void> {
  for (let seed = 0; seed < tries; seed++) {
    const bytes = make(randomFor(seed, path));
    await writeFile(inFolder(path), bytes);
    await readsOrRefuses(inFolder(path)).catch((cause) => {
      throw new Error(`seed ${seed}: ${bytes.toString("base64")}`, { cause });
    });
  }
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
