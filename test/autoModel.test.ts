import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { lora } from "@metalearn/adapters";
import {
  defineFactory,
  disposeParams,
  type LanguageModel,
  type Model,
  mapParams,
  type Params,
  tokenBatch,
} from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { checkConfig, createToolkit, runsOf } from "@metalearn/core/runs";
import languageModels from "@metalearn/language-models";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { llama } from "@metalearn/models-llama";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { officialToolkit } from "./support/officialToolkit.js";

const size = { vocabularySize: 256, maxTokens: 16, width: 8, layers: 1, heads: 2 };
const models: Readonly<Record<string, LanguageModel>> = {
  gpt2: gpt2({ ...size, initializerRange: 0.3 }, byteTokenizer),
  llama: llama({ ...size, mlpWidth: 12, initializerRange: 0.3 }, byteTokenizer),
  mistral: llama({ ...size, mlpWidth: 12, family: "mistral" }, byteTokenizer),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-auto-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function saved(name: string): Promise<{ path: string; params: Params }> {
  const path = join(folder, name);
  const model = models[name] as LanguageModel;
  const params = await model.init(1);
  await saveParams(model, params, path, {});
  return { path, params };
}

function open(weights: string, toolkit = officialToolkit): Promise<Model> {
  return toolkit.open({ seed: 1, references: { model: { use: "auto", weights } } }).get("model");
}

const batch = () => tokenBatch([{ ids: [...Buffer.from("abcabc")], scoredFrom: 3 }]);
const lossOf = (model: Model, params: Params) =>
  Number((model as LanguageModel).loss(params, batch()).dataSync()[0]);

test.each(Object.keys(models))("opens the checkpoint of a %s", async (name) => {
  const { path, params } = await saved(name);
  const model = await open(path);
  const read = await model.init(2);
  expect(model.name).toBe((models[name] as Model).name);
  expect(Object.keys(read)).toEqual(Object.keys(params));
  expect(lossOf(model, read)).toBe(lossOf(models[name] as Model, params));
  expect(model.weights).toMatchObject({ types: { F32: Object.keys(params).length } });
  expect(model.parameterShapes).toEqual(
    Object.fromEntries(Object.entries(params).map(([own, { shape }]) => [own, shape])),
  );
  disposeParams(read);
});

test("opens an adapter with the model that it was saved in or names, and says when it names none", async () => {
  const { path: base, params } = await saved("llama");
  const adapted = lora(models.llama as LanguageModel, {
    rank: 2,
    alpha: 4,
    targets: ["*.q_proj.weight"],
  });
  const trained = mapParams((value) => tf.add(value, 0.1), await adapted.init(1));
  const own = { ...trained, ...params }; // PEFT keeps the matrices of the adapter alone
  const whole = join(folder, "adapted");
  await saveParams(adapted, own, whole, {});
  const expected = lossOf(adapted, own);
  expect(expected).not.toBeCloseTo(lossOf(models.llama as Model, params), 3);
  const together = await open(whole);
  expect(lossOf(together, await together.init(3))).toBeCloseTo(expected, 6);

  const path = join(whole, "lora");
  const settings = join(path, "adapter_config.json");
  await expect(open(path)).rejects.toThrow(
    `[BAD_CHECKPOINT] ${path} is an adapter, and names no base model. Name both: `,
  );
  const json = JSON.parse(await readFile(settings, "utf8"));
  const rename = (name: string) =>
    writeFile(settings, JSON.stringify({ ...json, base_model_name_or_path: name }));
  await rename(path); // an adapter, and itself at that
  await expect(open(path)).rejects.toThrow(
    `[BAD_CHECKPOINT] ${path}: base_model_name_or_path: expected a model, got the adapter ${path}.`,
  );
  await rename(relative(path, base)); // from the adapter's folder
  expect(lossOf(await open(path), own)).toBeCloseTo(expected, 6);
  await rename(base);
  const model = await open(path);
  const read = await model.init(3);
  expect(lossOf(model, read)).toBeCloseTo(expected, 6);
});

test.each([
  [{ model_type: "mixtral" }, 'is of the architecture "mixtral", expected one of gpt2, llama,'],
  [{}, "config.json is not a language model that can be loaded. model_type: "],
])("says what it cannot open: %j", async (config, message) => {
  const { path } = await saved("gpt2");
  await writeFile(join(path, "config.json"), JSON.stringify(config));
  await expect(open(path)).rejects.toThrow(message);
});

test("opens the adapters that plugins declare by their type in PEFT", async () => {
  const { path: base, params } = await saved("gpt2");
  const path = join(folder, "ia3");
  await mkdir(path);
  const settings = { peft_type: "IA3", base_model_name_or_path: base };
  await writeFile(join(path, "adapter_config.json"), JSON.stringify(settings));
  await expect(open(path)).rejects.toThrow(
    `[BAD_CHECKPOINT] ${path} is an adapter of type IA3, expected one of LORA, PROMPT_TUNING. Is the plugin of another`,
  );
  const doubling = defineFactory(z.strictObject({ weights: z.string() }), ({ weights }) => {
    expect(weights).toBe(path);
    return (model: Model) => ({ ...model, name: `${model.name}, doubled` });
  });
  const ia3 = { name: "ia3", adapters: { ia3: doubling }, peftTypes: { IA3: "ia3" } };
  const model = await open(path, createToolkit([...officialToolkit.plugins, ia3]));
  expect(model.name).toBe("gpt2, doubled");
  expect(model.weights?.source).toBe(base);
  disposeParams(params);
});

test("opens only what plugins of the toolkit open", async () => {
  const { path } = await saved("gpt2");
  await expect(open(path, createToolkit([languageModels]))).rejects.toThrow(
    'is of the architecture "gpt2", expected one of . Is the plugin',
  );
});

test("is the model of a config that names weights alone", () => {
  const input = { model: { weights: "./there" }, tasks: { use: "t" } };
  const [{ config }] = runsOf(checkConfig(input, {}));
  expect(config.model).toEqual({ use: "auto", weights: "./there" });
  const changed = checkConfig({
    ...input,
    compare: { runs: { other: { model: { use: "mlp" } } } },
  });
  expect(runsOf(changed)[0].config.model).toEqual({ use: "mlp" });
});
