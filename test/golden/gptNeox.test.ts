import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type LanguageModel, type Params, randomFor, tokenBatch } from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { createToolkit } from "@metalearn/core/runs";
import { questionScorer, scoreSequences, testModel } from "@metalearn/core/testing";
import languageModels, {
  byteTokenizer,
  parameterShapes,
  readCheckpoint,
  requireConfig,
  type Transformer,
  transformer,
} from "@metalearn/language-models";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import plugin, {
  configJson,
  type GptNeoxConfig,
  gptNeoxArchitecture,
} from "../../examples/09-gpt-neox.js";
import { testForwardBackward } from "../support/forwardBackward.js";
import { committed } from "../support/golden.js";
import { tinyParams } from "../support/tiny.js";

const inFolder = temporaryFolder();
const family = "gpt-neox-tiny";

for (const name of readdirSync(join(committed.folder, family))) {
  const folder = join(family, name);
  const config = await requireConfig(join(committed.folder, folder), configJson, "GPT-NeoX");
  testForwardBackward({
    title: folder,
    source: committed,
    file: join(folder, "forward_backward_hvp.json"),
    // Of a size that fits any vocabulary, for no text is encoded.
    model: transformer(gptNeoxArchitecture(config), { ...byteTokenizer, vocabularySize: 1 }),
    openParams: () => tinyParams(committed, folder),
    compiles: false,
  });
  test(`${folder} is read by its names in files`, async () => {
    const read = await readCheckpoint(join(committed.folder, folder), gptNeoxArchitecture(config));
    for (const [parameter, tensor] of Object.entries(await tinyParams(committed, folder))) {
      expect(read[parameter]?.dataSync(), parameter).toEqual(tensor.dataSync());
    }
  });
}

const json = {
  model_type: "gpt_neox",
  vocab_size: 256,
  max_position_embeddings: 32,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
} as const;

const shapes: Readonly<Record<string, GptNeoxConfig>> = {
  parallel: configJson.parse({ ...json, rotary_pct: 0.5, eos_token_id: [3, 4] }),
  sequential: configJson.parse({
    ...json,
    rotary_pct: 1,
    bos_token_id: null,
    use_parallel_residual: false,
  }),
};

/** Far from the initial ones, so that every parameter shows in the losses. */
function randomParams(config: GptNeoxConfig): Params {
  return Object.fromEntries(
    Object.entries(parameterShapes(gptNeoxArchitecture(config))).map(([name, shape]) => {
      const random = randomFor(11, name);
      const centre = /norm.*weight/.test(name) ? 1 : 0;
      const size = tf.util.sizeFromShape(shape);
      return [
        name,
        tf.tensor(
          Array.from({ length: size }, () => centre + 0.2 * random.normal()),
          shape,
        ),
      ];
    }),
  );
}

const sequence = (text: string, scored: number) => {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
};

/** What a config's `model: { weights }` opens. */
const openWeights = (weights: string) =>
  createToolkit([languageModels, plugin])
    .open({ seed: 0, references: { model: { use: "auto", weights } } })
    .get("model") as Promise<Transformer>;

/** Opens a checkpoint, says what did not fit, computes logits, and saves it again. */
const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM
folder, again, ids = sys.argv[1:]
model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
with torch.no_grad():
  logits = model.eval()(torch.tensor(json.loads(ids))).logits
model.save_pretrained(again)
print(json.dumps({
  "class": type(model).__name__,
  "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
  "logits": logits.flatten().tolist(),
}))
`;
const noPython = pythonLacks("torch", "transformers");

describe.each(Object.entries(shapes))("a GPT-NeoX with the %s residual", (title, config) => {
  const model = transformer(gptNeoxArchitecture(config), byteTokenizer);

  testModel(title, {
    create: () => model,
    batch: () => tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]),
    params: () => randomParams(config),
  });

  const questions = ["ab", "c"].map((query) => ({
    sequences: [": no", ": yes", ": nobody"].map((option) =>
      sequence(`one two three ${query}${option}`, option.length),
    ),
  }));
  const sequences = questions.flatMap((question) => question.sequences);
  const expectClose = (actual: readonly number[], wanted: readonly number[]) => {
    expect(actual).toHaveLength(wanted.length);
    actual.forEach((value, i) => {
      expect(Math.abs(value / Number(wanted[i]) - 1)).toBeLessThan(2e-5);
    });
  };

  test("reads what questions share once, with the scores of full sequences", async () => {
    const params = randomParams(config);
    const full = await scoreSequences({ model, params, sequences });
    expectClose(await questionScorer({ model, params })(questions), full);
  });

  test("reads a soft prompt as the tokens whose embeddings it is", async () => {
    const params = randomParams(config);
    const prompt = byteTokenizer.encode("soft");
    const prompted = model.prompts?.prompted(prompt.length, () =>
      tf.gather(params["embed_in.weight"] as tf.Tensor2D, tf.tensor1d(prompt, "int32")),
    );
    const of: LanguageModel = { ...model, ...prompted };
    const longer = sequences.map(({ ids, scoredFrom }) => ({
      ids: [...prompt, ...ids],
      scoredFrom: scoredFrom + prompt.length,
    }));
    const wanted = await scoreSequences({ model, params, sequences: longer });
    expectClose(await scoreSequences({ model: of, params, sequences }), wanted);
    expectClose(await questionScorer({ model: of, params })(questions), wanted);
  });

  test("opens by its weights alone", async () => {
    const params = randomParams(config);
    await saveParams(model, params, inFolder());
    const opened = await openWeights(inFolder());
    expect(opened.name).toBe("gpt-neox");
    expect(opened.tokenizer.encode("a café")).toEqual(byteTokenizer.encode("a café"));
    const again = await opened.init(0);
    expect(Object.keys(again)).toEqual(Object.keys(params));
    for (const [name, tensor] of Object.entries(again)) {
      expect(tensor.dataSync(), name).toEqual(params[name]?.dataSync());
    }
  });

  test.skipIf(noPython)(
    `opens in transformers with the same logits, and comes back from there ${noPython ?? ""}`,
    async () => {
      const params = randomParams(config);
      await saveParams(model, params, inFolder("ours"));
      const ids = [
        [104, 105, 0, 255, 199, 7, 7, 32],
        [1, 2, 3, 5, 8, 13, 21, 34],
      ];
      const { logits, ...rest } = runPython<{ class: string; unfit: string[]; logits: number[] }>(
        program,
        inFolder("ours"),
        inFolder("theirs"),
        JSON.stringify(ids),
      );
      expect(rest).toEqual({ class: "GPTNeoXForCausalLM", unfit: [] });
      const own = model.logits(params, tf.tensor2d(ids, undefined, "int32")).dataSync();
      const size = Math.max(...logits.map(Math.abs));
      expect(size).toBeGreaterThan(1);
      logits.forEach((logit, i) => {
        expect(Math.abs(logit - Number(own[i])) / size).toBeLessThan(5e-6);
      });

      // Transformers 5 writes `rope_parameters`, where we write `rotary_pct` and `rotary_emb_base`.
      expect(await requireConfig(inFolder("theirs"), configJson, "GPT-NeoX")).toEqual(config);
      const again = await readCheckpoint(inFolder("theirs"), gptNeoxArchitecture(config));
      for (const [name, tensor] of Object.entries(params)) {
        expect(again[name]?.dataSync(), name).toEqual(tensor.dataSync());
      }
    },
  );
});
