import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Batch, Tokenizer } from "@metalearn/core";
import { gpt2Tokenizer } from "@metalearn/models-gpt2";
import { missing, shared } from "@metalearn/test-support/shared";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type CrossfitOptions, crossfit } from "../src/index.js";
import { pruneCache } from "../src/tokens/pruneCache.js";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { temporaryFolder, writeFiles } from "./support/files.js";
import { letterTokenizer } from "./support/letters.js";
import { poolOf } from "./support/pool.js";

const roundTrips = { shots: 2, batchSize: 2, cache: true } as const;
const shape = { unit: "task", support: 1, tasks: 2 } as const;

let cache: string;
beforeEach(() => {
  cache = temporaryFolder();
  vi.stubEnv("METALEARN_CACHE", cache);
  return () => vi.unstubAllEnvs();
});

const cachedFiles = () =>
  readdirSync(join(cache, "tokens")).map((name) => join(cache, "tokens", name));

/** Opens tasks, draws episodes as text, and keeps what was told meanwhile. */
async function train(root: string, options: Partial<CrossfitOptions> = {}) {
  const messages: string[] = [];
  const notify = (message: string) => messages.push(message);
  const sampler = await samplerOf(root, { ...roundTrips, notify, ...options });
  return { messages, episodes: Array.from({ length: 4 }, () => readEpisodes(sampler, shape)) };
}

describe("cached tokens", () => {
  const variants: Record<string, Partial<CrossfitOptions>> = {
    direct: {},
    channel: { method: "channel" },
    "without demonstrations": { shots: 0 },
    "newline style": { style: "newline" },
    "short examples": { maxExampleTokens: 4 },
    "few rows": { maxExamplesPerTask: 5 },
  };

  test("give the episodes that uncached ones give, for every way to make them", async () => {
    const root = poolOf({ a: 12, b: 13 });
    // One cache serves all, so that none may be given the tokens of another.
    for (const [name, options] of Object.entries(variants)) {
      const uncached = await train(root, { ...options, cache: false });
      const first = await train(root, options);
      const later = await train(root, options);
      expect(first.episodes, name).toEqual(uncached.episodes);
      expect(later.episodes, name).toEqual(uncached.episodes);
      expect(later.messages, name).toEqual([]);
    }
  });

  test("may be of a large vocabulary", async () => {
    const tokenizer: Tokenizer = {
      ...letterTokenizer,
      vocabularySize: 0x2_0000,
      encode: (text) => letterTokenizer.encode(text).map((id) => 0x1_0000 + id),
    };
    const root = poolOf({ a: 12 });
    for (const _ of ["first run", "later run"]) {
      const sampler = await samplerOf(root, { ...roundTrips, tokenizer, batchSize: 1 });
      const [episode] = sampler.next({ ...shape, tasks: 1, query: 1, querySource: "same-task" });
      const ids = [...(episode?.query.inputIds.dataSync() ?? [])];
      tf.dispose([episode?.query ?? {}, ...(episode?.support ?? [])]);
      const text = letterTokenizer.decode(ids.map((id) => id - 0x1_0000));
      expect(text).toMatch(/^a\d+ [xy] a\d+ [xy] a\d+ [xy]$/);
      expect(Math.min(...ids)).toBeGreaterThan(0x1_0000);
    }
  });

  test("are made once: a later run encodes none of the rows", async () => {
    const encoded: string[] = [];
    const tokenizer: Tokenizer = {
      ...letterTokenizer,
      encode(text) {
        encoded.push(text);
        return letterTokenizer.encode(text);
      },
    };
    const root = poolOf({ a: 12, b: 13 });
    const isRow = (text: string) => /^ ?[ab]\d+$/.test(text);
    const { messages } = await train(root, { tokenizer });
    expect(encoded.filter(isRow)).toHaveLength(2 * (12 + 13)); // first in a sequence, and not
    expect(messages).toEqual([
      `Encoding 25 rows of 2 training tasks; later runs find them in ${join(cache, "tokens")}.`,
    ]);
    encoded.length = 0;
    await train(root, { tokenizer });
    expect(encoded.filter(isRow)).toEqual([]);
  });

  test("of one task are those of another setting", async () => {
    await train(poolOf({ a: 12, b: 13 }));
    const { messages } = await train(poolOf({ b: 13, c: 14 }));
    expect(messages).toEqual([expect.stringMatching(/^Encoding 14 rows of 1 training task;/)]);
  });

  test("are not those of a file that changed, whatever its size and times say", async () => {
    const root = poolOf({ a: 12 });
    const path = join(root, "a/a_16384_100_train.jsonl");
    const { atime, mtime, size } = statSync(path);
    const options = { ...roundTrips, batchSize: 12, shots: 0 };
    const read = async () => readEpisodes(await samplerOf(root, options))[0]?.query.toSorted()[0];
    expect(await read()).toBe("a0 x");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll('"x"', '"z"'));
    utimesSync(path, atime, mtime);
    expect(statSync(path)).toMatchObject({ size, mtime });
    expect(await read()).toBe("a0 z");
  });

  test("are not those of another tokenizer of the same name and size", async () => {
    const root = poolOf({ a: 12 });
    await train(root);
    const capitals: Tokenizer = {
      ...letterTokenizer,
      encode: (text) => letterTokenizer.encode(text.toUpperCase()),
    };
    const { episodes } = await train(root, { tokenizer: capitals });
    expect(episodes[0]?.[0]?.query[0]).toMatch(/^A\d+ [XY] A\d+ [XY] A\d+ [XY]$/);
  });

  test("do not excuse rows that a task's new type forbids", async () => {
    const root = poolOf({ a: 12 });
    const path = join(root, "a/a_16384_100_train.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll('["x","y"]', "[]"));
    const setType = (type: object) =>
      writeFileSync(join(root, "config/tasks/a.json"), JSON.stringify(type));
    setType({ task_type: "free-form", options: null });
    await train(root);
    setType({ task_type: "classification", options: ["x", "y"] });
    await expect(train(root)).rejects.toThrow(/\[BAD_DATA\] .*:1: .*needs "options"/);
  });

  test("are not kept when they are not wanted", async () => {
    const { messages } = await train(poolOf({ a: 12 }), { cache: false });
    expect(messages).toEqual([]);
    expect(readdirSync(cache)).toEqual([]);
  });

  test("that cannot be kept are reported once, and training continues", async () => {
    vi.stubEnv("METALEARN_CACHE", join(writeFiles({ file: "no folder" }), "file"));
    const root = poolOf({ a: 12, b: 13 });
    const { messages, episodes } = await train(root);
    expect(episodes).toEqual((await train(root, { cache: false })).episodes);
    expect(messages.slice(1)).toEqual([
      expect.stringMatching(
        /^Tokens cannot be cached for later runs: ENOTDIR.* Set METALEARN_CACHE/,
      ),
    ]);
  });
});

describe("a damaged file of cached tokens", () => {
  const damages: Record<string, (bytes: Buffer) => Uint8Array> = {
    "cut off": (bytes) => bytes.subarray(0, -1),
    "cut off in its header": (bytes) => bytes.subarray(0, 7),
    empty: () => Buffer.alloc(0),
    "too long": (bytes) => Buffer.concat([bytes, Buffer.alloc(2)]),
    "with one bit flipped in its tokens": (bytes) => flip(bytes, bytes.length - 3),
    "with one bit flipped in its offsets": (bytes) => flip(bytes, 24),
    "with one bit flipped in its header": (bytes) => flip(bytes, 12),
    "all zeros, as after a power cut": (bytes) => Buffer.alloc(bytes.length),
    "something else": () => Buffer.from("this is no token file, though longer than a header"),
  };
  const flip = (bytes: Buffer, at: number) => {
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  };

  test.each(Object.entries(damages))(
    "%s is reported, and its tokens are computed again",
    async (_, damage) => {
      const root = poolOf({ a: 12 });
      const { episodes } = await train(root);
      const [path = ""] = cachedFiles();
      const sound = readFileSync(path);
      writeFileSync(path, damage(readFileSync(path)));

      const mended = await train(root);
      expect(mended.episodes).toEqual(episodes);
      expect(mended.messages).toEqual([
        expect.stringMatching(
          /^The cached tokens of a are computed again, because .* is damaged: /,
        ),
        expect.stringMatching(/^Encoding 12 rows/),
      ]);
      expect(readFileSync(path)).toEqual(sound);
    },
  );
});

test("processes that build the same cache at once do not disturb each other", async () => {
  const root = poolOf({ a: 300, b: 300, c: 300 });
  const script = join(import.meta.dirname, "support/buildTokens.ts");
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const start = () =>
    promisify(execFile)(process.execPath, [
      "--conditions=@metalearn/source",
      "--import",
      tsx,
      script,
      root,
    ]);
  const outputs = await Promise.all([start(), start()]);
  const sampler = await samplerOf(root, { cache: true, shots: 2 });
  const episodes = Array.from({ length: 5 }, () => readEpisodes(sampler));
  for (const { stdout } of outputs)
    expect(JSON.parse(stdout.slice(stdout.indexOf("[[")))).toEqual(episodes);
  expect(cachedFiles().map((path) => path.replace(/.*\./, ""))).toEqual(Array(3).fill("tokens"));
});

test("a full cache loses what was not used for the longest time, and what was left half-written", () => {
  const folder = writeFiles({
    "old.tokens": "12345",
    "used.tokens": "12345",
    "new.tokens": "12345",
    "abandoned.tmp": "1",
    "growing.tmp": "1",
  });
  const hoursAgo = { "old.tokens": 9, "used.tokens": 1, "new.tokens": 2, "abandoned.tmp": 3 };
  for (const [name, hours] of Object.entries(hoursAgo)) {
    const time = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(folder, name), time, time);
  }
  pruneCache(folder, 12);
  expect(readdirSync(folder).sort()).toEqual(["growing.tmp", "new.tokens", "used.tokens"]);
});

const noData = missing("data", "metaicl");
describe.skipIf(noData)(`MetaICL's data ${noData ?? ""}`, () => {
  test.each(["direct", "channel"] as const)("is the same from the cache: %s", async (method) => {
    const draw = async (cache: boolean) => {
      const tasks = await crossfit({
        root: shared("data", "metaicl"),
        setting: "hr_to_lr",
        tokenizer: gpt2Tokenizer,
        targets: [],
        maxExamplesPerTask: 50,
        method,
        cache,
      });
      const sampler = tasks.sampler({ seed: 100, batchSize: 4 });
      return Array.from({ length: 20 }, () =>
        sampler.next({ tasks: 1, support: 1, query: 1, querySource: "same-task", unit: "mixture" }),
      ).flatMap(([episode]) => {
        const batches = [...(episode?.support ?? []), episode?.query ?? {}];
        const values = batches.map((batch) =>
          Object.values(batch as Batch).map((tensor) => tensor.arraySync()),
        );
        tf.dispose(batches);
        return [episode?.tasks, values];
      });
    };
    const uncached = await draw(false);
    expect(await draw(true)).toEqual(uncached);
    expect(await draw(true)).toEqual(uncached);
  });
});
