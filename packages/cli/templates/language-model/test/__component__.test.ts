import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapParams, randomFor, tokenBatch } from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { testModel } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

const small = { layers: 2, width: 8, heads: 2, maxTokens: 16 };
const model = await __factory__(small);
const sequence = (text: string, scored: number) => {
  const ids = model.tokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
};

/** Parameters with larger entries than fresh ones, at which second derivatives are well above rounding. */
const shaken = await model.init(11).then((params) => {
  const random = randomFor("__component__");
  return mapParams((tensor) => {
    const noise = Array.from({ length: tensor.size }, () => 0.3 * random.normal());
    return tf.add(tensor, tf.tensor(noise, tensor.shape));
  }, params);
});

testModel("__component__", {
  create: () => __factory__(small),
  batch: () => tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]),
  params: () => mapParams((tensor) => tensor.clone(), shaken),
  badOptions: { layers: () => __factory__({ ...small, layers: 0 }) },
});

test("refuses heads of unequal width", async () => {
  await expect(__factory__({ width: 10, heads: 4 })).rejects.toThrow("[BAD_OPTION] width");
});

test("does not see later tokens", () => {
  const ids = (text: string) => tf.tensor2d([model.tokenizer.encode(text)], undefined, "int32");
  const [one, other] = ["abcd", "abxy"].map((text) => model.logits(shaken, ids(text)).arraySync());
  const firsts = [one, other].map((logits) => logits?.[0]?.slice(0, 2));
  expect(firsts[0]).toEqual(firsts[1]);
});

test("saves its config and its tokenizer, and opens them by the weights alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "__component__-"));
  await saveParams(model, shaken, folder);
  expect(await readdir(folder)).toEqual(
    expect.arrayContaining(["config.json", "merges.txt", "model.safetensors", "vocab.json"]),
  );
  const opened = await __factory__({ weights: folder });
  const found = await opened.init(1);
  expect(opened.tokenizer.encode("é b")).toEqual(model.tokenizer.encode("é b"));
  const ids = tf.tensor2d([[1, 2, 3]], undefined, "int32");
  expect(opened.logits(found, ids).arraySync()).toEqual(model.logits(shaken, ids).arraySync());
  await rm(folder, { recursive: true });
});
