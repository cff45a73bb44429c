import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Params } from "@metalearn/core";
import { readSafetensors } from "@metalearn/core/files";
import { shared } from "@metalearn/test-support/shared";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

/** A folder of reference numbers from PyTorch. */
export interface GoldenSource {
  readonly name: string;
  readonly folder: string;
}

/** The numbers of this repository: test/oracle/README.md says what they are and makes them. */
export const committed: GoldenSource = {
  name: "test/oracle",
  folder: join(import.meta.dirname, "../oracle/numbers"),
};

/** Further numbers, made by other programs from other models and batches. */
const further: GoldenSource = { name: "shared/golden", folder: shared("golden") };

/** All sources of numbers. */
export const allSources: readonly GoldenSource[] = [committed, further];

/** Sources of a file: this repository, and the shared folder where it has the file. */
export function sourcesOf(file: string): readonly GoldenSource[] {
  return existsSync(join(further.folder, file)) ? [committed, further] : [committed];
}

/** A small tensor written into the JSON itself, row-major. */
export interface InlineTensor {
  readonly shape: number[];
  readonly data: number[];
}

/** Inline tensors on the engine. */
export function toTensors(inline: Readonly<Record<string, InlineTensor>>): Params {
  return Object.fromEntries(
    Object.entries(inline).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
  );
}

/** Storage of a tensor set in a file beside the JSON; see test/oracle/numbers_file.py. */
export interface StoredTensors {
  readonly storage: string;
  readonly stride?: number;
  readonly prefix: string;
  readonly digests?: Readonly<Record<string, readonly [number, number, number]>>;
}

/** The largest errors that a float32 implementation may show. */
export interface Tolerance {
  readonly rel_max: number;
  readonly rel_l2: number;
  readonly per_tensor_rel_l2: number;
}

/** A tolerance block of the golden files. */
export interface ToleranceBlock {
  readonly recommended_float32: Tolerance | null;
  readonly measured_float32: { readonly rel_l2: number };
}

/** `a / b`, where nothing over nothing is no error. */
function ratio(a: number, b: number): number {
  return a === 0 ? 0 : a / b;
}

/** Why a case whose block has no recommended tolerance is compared in direction only. */
export const illConditionedReason =
  "ill-conditioned: derivatives of AdamW from zero moments reach 1 / epsilon, and there is no float64";

/** The recommended tolerance of a block that has one. */
export function recommended({ recommended_float32: tolerance }: ToleranceBlock): Tolerance {
  if (!tolerance) throw new Error("this case is marked as ill-conditioned in float32");
  return tolerance;
}

/** True if the block says that float32 cannot come close. */
export function isIllConditioned({ recommended_float32: tolerance }: ToleranceBlock): boolean {
  return tolerance === null;
}

/** A golden JSON file and the tensors beside it. */
export interface Golden<T> {
  readonly json: T;
  /** The values of one stored tensor set, by its {@link shortName}. */
  expected(stored: Stored): Record<string, ArrayLike<number>>;
}

/** A tensor set, in a file or inline. */
export type Stored = StoredTensors | Readonly<Record<string, InlineTensor>>;

function inFile(stored: Stored): stored is StoredTensors {
  return typeof stored.prefix === "string";
}

const tensorFiles = new Map<string, Promise<Record<string, Float32Array>>>();

/** The JSON of a golden file alone, for what has to be known before tests run. */
export function readGoldenJson<T>({ folder }: GoldenSource, path: string): T {
  return JSON.parse(readFileSync(join(folder, path), "utf8")) as T;
}

/** Reads a golden file, for example `readGolden(committed, "maml/gpt2_tiny.json")`. */
export async function readGolden<T>(source: GoldenSource, path: string): Promise<Golden<T>> {
  const json = readGoldenJson<T & { safetensors?: { file: string } }>(source, path);
  const file = json.safetensors?.file;
  const values = file ? await tensorValues(join(source.folder, dirname(path), file)) : {};
  return {
    json,
    expected(stored) {
      if (!inFile(stored)) {
        return Object.fromEntries(Object.entries(stored).map(([name, { data }]) => [name, data]));
      }
      const { prefix } = stored;
      return Object.fromEntries(
        Object.entries(values)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [shortName(name.slice(prefix.length)), value]),
      );
    },
  };
}

/** Names inside the project leave out the `transformer.`, `model.` or `gpt_neox.` that PyTorch's module adds. */
export function shortName(name: string): string {
  return name.replace(/^(transformer|model|gpt_neox)\./, "");
}

async function tensorValues(path: string): Promise<Record<string, Float32Array>> {
  let pending = tensorFiles.get(path);
  if (!pending) {
    pending = readSafetensors(path).then((tensors) => {
      const entries = Object.entries(tensors).map(([name, tensor]) => {
        const values = tensor.dataSync<"float32">();
        tensor.dispose();
        return [name, values];
      });
      return Object.fromEntries(entries);
    });
    tensorFiles.set(path, pending);
  }
  return pending;
}

/** Elements 0, stride, 2 * stride, ... */
function strided(values: ArrayLike<number>, stride = 1): number[] {
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) =>
    Number(values[i * stride]),
  );
}

/** Takes the middle third out of a query, key and value bias. */
function withoutKeyBias(name: string, values: number[], size: number, stride: number): number[] {
  if (!name.endsWith("attn.c_attn.bias")) return values;
  const third = size / 3;
  return values.filter((_, i) => i * stride < third || i * stride >= 2 * third);
}

/** Choice of what to compare between two tensor sets. */
export interface CompareOptions {
  /** Leaves out the key bias, whose true gradient is 0: an Adam step there is noise. */
  readonly skipKeyBias?: boolean;
  /** Compares the distances from these tensors instead of the tensors. */
  readonly minus?: Params;
}

/** Errors in the norms that the golden files use. */
export interface Errors {
  readonly relMax: number;
  readonly relL2: number;
  readonly perTensor: Readonly<Record<string, number>>;
  readonly cosine: number;
}

/** Compares tensors to a stored set, over the stored elements. */
export function errorsAgainst(
  golden: Pick<Golden<unknown>, "expected">,
  stored: Stored,
  actual: Params,
  { skipKeyBias = false, minus }: CompareOptions = {},
): Errors {
  const expected = golden.expected(stored);
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  const stride = (inFile(stored) && stored.stride) || 1;
  let maxDifference = 0;
  let maxValue = 0;
  let differenceSum = 0;
  let valueSum = 0;
  let gotSum = 0;
  let product = 0;
  const norms: Record<string, { difference: number; value: number }> = {};
  for (const [name, reference] of Object.entries(expected)) {
    const tensor = actual[name];
    if (!tensor) throw new Error(`no tensor ${name}`);
    let got = strided(tensor.dataSync(), stride);
    let wanted = Array.from(reference);
    const origin = minus?.[name];
    if (origin) {
      const from = strided(origin.dataSync(), stride);
      got = got.map((value, i) => value - (from[i] as number));
      wanted = wanted.map((value, i) => value - (from[i] as number));
    }
    if (skipKeyBias) {
      got = withoutKeyBias(name, got, tensor.size, stride);
      wanted = withoutKeyBias(name, wanted, tensor.size, stride);
    }
    expect(got.length, name).toBe(wanted.length);
    let difference = 0;
    let value = 0;
    wanted.forEach((w, i) => {
      const d = Math.abs((got[i] as number) - w);
      // NaN must not vanish in a maximum
      maxDifference = Number.isNaN(d) ? Number.NaN : Math.max(maxDifference, d);
      maxValue = Math.max(maxValue, Math.abs(w));
      difference += d * d;
      value += w * w;
      gotSum += (got[i] as number) ** 2;
      product += (got[i] as number) * w;
    });
    norms[name] = { difference, value };
    differenceSum += difference;
    valueSum += value;
  }
  const perTensor = Object.entries(norms)
    .filter(([, { value }]) => Math.sqrt(value) >= 1e-5 * Math.sqrt(valueSum))
    .map(([name, { difference, value }]) => [name, Math.sqrt(ratio(difference, value))]);
  return {
    relMax: ratio(maxDifference, maxValue),
    relL2: Math.sqrt(ratio(differenceSum, valueSum)),
    perTensor: Object.fromEntries(perTensor),
    cosine: product / Math.sqrt(gotSum * valueSum),
  };
}

/**
 * Expects tensors to equal a stored set as well as float32 can: within the recommended tolerance,
 * or, where the golden file marks the case as ill-conditioned, in direction, as it recommends.
 */
export function expectGoldenOrDirection(
  golden: Pick<Golden<unknown>, "expected">,
  stored: Stored,
  actual: Params,
  { recommended_float32: tolerance, measured_float32: measured }: ToleranceBlock,
  options: CompareOptions = {},
): void {
  if (tolerance) {
    expectGolden(golden, stored, actual, tolerance, options);
  } else {
    const { cosine } = errorsAgainst(golden, stored, actual, options);
    expect(cosine, "cosine").toBeGreaterThanOrEqual(1 - 10 * measured.rel_l2 ** 2);
  }
}

/** Expects tensors to equal a stored set within the tolerance that the golden file recommends. */
export function expectGolden(
  golden: Pick<Golden<unknown>, "expected">,
  stored: Stored,
  actual: Params,
  tolerance: Tolerance,
  options: CompareOptions = {},
): void {
  const { relMax, relL2, perTensor } = errorsAgainst(golden, stored, actual, options);
  expect(relMax, "largest error, relative").toBeLessThanOrEqual(tolerance.rel_max);
  expect(relL2, "L2 error, relative").toBeLessThanOrEqual(tolerance.rel_l2);
  for (const [name, error] of Object.entries(perTensor)) {
    expect(error, `L2 error of ${name}, relative`).toBeLessThanOrEqual(tolerance.per_tensor_rel_l2);
  }
  if (inFile(stored) && stored.digests && !options.minus)
    expectDigests(stored.digests, actual, tolerance, options);
}

/** Checks norm, sum and a cosine probe over all elements, which strided storage cannot show. */
function expectDigests(
  digests: NonNullable<StoredTensors["digests"]>,
  actual: Params,
  tolerance: Tolerance,
  options: CompareOptions = {},
): void {
  const all = Object.values(digests).reduce((sum, [l2]) => sum + l2 * l2, 0);
  for (const [longName, [l2, sum, probe]] of Object.entries(digests)) {
    const name = shortName(longName);
    // The digests include the key bias, which cannot be taken out of a sum.
    if (options.skipKeyBias && name.endsWith("attn.c_attn.bias")) continue;
    if (l2 < 1e-5 * Math.sqrt(all)) continue;
    const values = actual[name]?.dataSync() ?? [];
    let squares = 0;
    let total = 0;
    let cosine = 0;
    values.forEach((x, i) => {
      squares += x * x;
      total += x;
      cosine += x * Math.cos(0.7 * i + 0.3);
    });
    // A vector of relative error e moves a projection by at most e * |x| * |direction|.
    const reach = tolerance.per_tensor_rel_l2 * l2 * Math.sqrt(values.length);
    expect(Math.abs(Math.sqrt(squares) - l2), `norm of ${name}`).toBeLessThanOrEqual(
      tolerance.per_tensor_rel_l2 * l2,
    );
    expect(Math.abs(total - sum), `sum of ${name}`).toBeLessThanOrEqual(reach);
    expect(Math.abs(cosine - probe), `probe of ${name}`).toBeLessThanOrEqual(reach);
  }
}
