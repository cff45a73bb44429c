import { stat, writeFile } from "node:fs/promises";
import { expect } from "vitest";

/** Number of damaged files that each test tries; run more by hand now and then. */
const tries = Number(process.env.METALEARN_FUZZ ?? 100);

/** Source of random numbers, like core's. */
interface Random {
  uniform(): number;
  integer(limit: number): number;
}

/** Open file of tensors, like core's. */
interface TensorFile {
  readonly entries: Readonly<Record<string, unknown>>;
  read(name: string): Promise<{ readonly size: number; dispose(): void }>;
  close(): Promise<void>;
}

/** Copy with one to four bytes changed, or with a piece duplicated, removed or cut off. */
export function damaged(bytes: Buffer, random: Random): Buffer {
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

/**
 * Writes damaged files to `path`, one after the other, and reads everything readable of each: reading must
 * end, and every error must say what to do.
 *
 * @param make the bytes of a damaged file, by its number
 * @param elementsPerByte the most that a type of the format has; no tensor is larger than the file. @default
 *   0.5
 */
export async function tryDamaged(
  path: string,
  open: (path: string) => Promise<TensorFile>,
  make: (seed: number) => Buffer,
  elementsPerByte = 0.5,
): Promise<void> {
  for (let seed = 0; seed < tries; seed++) {
    const bytes = make(seed);
    await writeFile(path, bytes);
    await readsOrRefuses(path, open, elementsPerByte).catch((cause) => {
      throw new Error(`seed ${seed}: ${bytes.toString("base64")}`, { cause });
    });
  }
}

async function readsOrRefuses(
  path: string,
  open: (path: string) => Promise<TensorFile>,
  elementsPerByte: number,
): Promise<void> {
  const { size } = await stat(path);
  let file: TensorFile | undefined;
  try {
    file = await open(path);
    for (const name of Object.keys(file.entries)) {
      const tensor = await file.read(name).catch(expectRefusal);
      expect(tensor?.size ?? 0).toBeLessThanOrEqual(elementsPerByte * size);
      tensor?.dispose();
    }
  } catch (error) {
    expectRefusal(error);
  } finally {
    await file?.close();
  }
}

function expectRefusal(error: unknown): undefined {
  if (!(error instanceof Error) || error.name !== "MetaError") throw error;
  expect(error).toHaveProperty("code", "BAD_CHECKPOINT");
}
