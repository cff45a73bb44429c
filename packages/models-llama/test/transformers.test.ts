import { writeFile } from "node:fs/promises";
import { generateText } from "@metalearn/core";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, llama, pretrainedLlama, writeLlama } from "../src/index.js";
import { randomParams } from "./support/randomParams.js";
import { shapes } from "./support/shapes.js";

const ids = [
  [104, 105, 0, 255, 199, 7, 7, 32],
  [1, 2, 3, 5, 8, 13, 21, 34],
];

/** Opens a checkpoint, says what did not fit, computes logits, and saves it again. */
const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM
folder, again, ids, shard = sys.argv[1:]
model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
model.eval()
with torch.no_grad():
  logits = model(torch.tensor(json.loads(ids))).logits
model.save_pretrained(again, max_shard_size=int(float(shard)))
config = model.config
print(json.dumps({
  "class": type(model).__name__,
  "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
  "dtype": str(model.dtype),
  "special": [config.bos_token_id, config.eos_token_id, config.pad_token_id],
  "logits": logits.flatten().tolist(),
}))
`;

interface Answer {
  readonly class: string;
  readonly unfit: string[];
  readonly dtype: string;
  readonly special: unknown[];
  readonly logits: number[];
}

const classes = {
  llama: "LlamaForCausalLM",
  mistral: "MistralForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

const inFolder = temporaryFolder();

const noPython = pythonLacks("torch", "transformers");

describe.skipIf(noPython)(`a checkpoint that we write ${noPython ?? ""}`, () => {
  test.each([
    ["llama", 5e9],
    ["mistral", 5e9],
    ["qwen2", 9_000],
    ["qwen3", 5e9],
  ] as const)(
    "of %s opens in transformers with the same logits, and comes back from there",
    async (family, maxShardBytes) => {
      const shape = shapes[family];
      const model = llama(shape, byteTokenizer);
      const params = randomParams(shape, 2);
      await writeLlama(inFolder("ours"), params, shape, { maxShardBytes });
      const { logits, ...rest } = runPython<Answer>(
        program,
        inFolder("ours"),
        inFolder("theirs"),
        JSON.stringify(ids),
        String(maxShardBytes),
      );
      const { bosId, eosId, padId } = model.config;
      expect(rest).toEqual({
        class: classes[family],
        unfit: [],
        dtype: "torch.float32",
        special: [bosId, eosId, padId],
      });
      const own = model.logits(params, tf.tensor2d(ids, undefined, "int32")).dataSync();
      const size = Math.max(...logits.map(Math.abs));
      expect(size).toBeGreaterThan(1);
      logits.forEach((logit, i) => {
        expect(Math.abs(logit - Number(own[i])) / size).toBeLessThan(5e-6);
      });

      // Transformers 5 writes `rope_parameters`, where we write `rope_theta` and `rope_scaling`.
      const theirs = await pretrainedLlama(inFolder("theirs"), { tokenizer: byteTokenizer });
      expect(theirs.config).toEqual(model.config);
      const again = await theirs.init(0);
      expect(Object.keys(again)).toEqual(Object.keys(params));
      for (const [name, tensor] of Object.entries(again)) {
        expect(tensor.dataSync(), name).toEqual(params[name]?.dataSync());
      }
    },
  );
});

test.skipIf(noPython)(
  `a tokenizer is written with the model, for AutoTokenizer ${noPython ?? ""}`,
  async () => {
    const model = llama(shapes.llama, byteTokenizer);
    await model.save?.(await model.init(1), inFolder());
    const found = runPython<number[]>(
      `
import json, sys
from transformers import AutoTokenizer
print(json.dumps(AutoTokenizer.from_pretrained(sys.argv[1])(sys.argv[2], add_special_tokens=False).input_ids))
`,
      inFolder(),
      "a café",
    );
    expect(found).toEqual(byteTokenizer.encode("a café"));
    expect((await pretrainedLlama(inFolder())).tokenizer.encode("a café")).toEqual(found);
  },
);

test.skipIf(noPython)(
  `generation ends at each token of generation_config.json, as in transformers ${noPython ?? ""}`,
  async () => {
    const shape = { ...shapes.llama, bosId: 1, eosId: 2 };
    const params = randomParams(shape, 2);
    const written = llama(shape, byteTokenizer);
    await written.save?.(params, inFolder());
    const prompt = [104, 105, 32];
    const free = await generateText({ model: written, params, prompt, maxNewTokens: 12 });
    // The third token and one that does not come: the text is two tokens and the one that ends it.
    const ends = [free.ids[2] as number, 300];
    await writeFile(
      inFolder("generation_config.json"),
      JSON.stringify({ bos_token_id: 1, eos_token_id: ends }),
    );
    const theirs = runPython<number[]>(
      `
import json, sys, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1]).eval()
ids = torch.tensor([json.loads(sys.argv[2])])
print(json.dumps(model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12, pad_token_id=0)[0, ids.shape[1]:].tolist()))
`,
      inFolder(),
      JSON.stringify(prompt),
    );
    const model = await pretrainedLlama(inFolder());
    const ours = await generateText({ model, params, prompt, maxNewTokens: 12 });
    expect(ours.ids).toEqual(theirs);
    expect(ours).toMatchObject({
      ids: free.ids.slice(0, free.ids.indexOf(ends[0] as number) + 1),
      finishReason: "stop",
    });
  },
);

test.each([
  ["float16", 2 ** -11],
  ["bfloat16", 2 ** -8],
] as const)(
  "a checkpoint in %s comes back within half a unit in the last place",
  async (dtype, half) => {
    const params = randomParams(shapes.qwen2, 3);
    await writeLlama(inFolder(), params, shapes.qwen2, { dtype });
    const again = await pretrainedLlama(inFolder(), { tokenizer: byteTokenizer });
    for (const [name, tensor] of Object.entries(await again.init(0))) {
      const wanted = params[name]?.dataSync() ?? [];
      tensor.dataSync().forEach((value, i) => {
        const size = Math.max(Math.abs(Number(wanted[i])), 2 ** -14);
        expect(Math.abs(value - Number(wanted[i])) / size).toBeLessThanOrEqual(half);
      });
    }
  },
);
