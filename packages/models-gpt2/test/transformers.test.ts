import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@metalearn/core/files";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, gpt2, pretrainedGpt2, writeHuggingFace } from "../src/index.js";
import { randomParams } from "./support/randomParams.js";

const config = {
  vocabularySize: 300,
  maxTokens: 24,
  width: 24,
  layers: 3,
  heads: 4,
  initializerRange: 0.02,
  bosId: 1,
  eosId: [2, 299],
};
const model = gpt2(config, byteTokenizer);
const params = randomParams(config, 2);
const ids = [
  [104, 105, 0, 255, 299, 7, 7, 32],
  [1, 2, 3, 5, 8, 13, 21, 34],
];

/** Opens a checkpoint, says what did not fit, computes logits, and saves it again. */
const program = `
import json, sys, torch
from transformers import GPT2LMHeadModel
folder, again, ids = sys.argv[1:]
model, info = GPT2LMHeadModel.from_pretrained(folder, output_loading_info=True)
model.eval()
with torch.no_grad():
  logits = model(torch.tensor(json.loads(ids))).logits
model.save_pretrained(again)
print(json.dumps({
  "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
  "dtype": str(model.dtype),
  "shape": list(logits.shape),
  "logits": logits.flatten().tolist(),
}))
`;

interface Answer {
  readonly unfit: string[];
  readonly dtype: string;
  readonly shape: number[];
  readonly logits: number[];
}

const inFolder = temporaryFolder();

const noPython = pythonLacks("torch", "transformers");

describe.skipIf(noPython)(`a checkpoint that we write ${noPython ?? ""}`, () => {
  test.each([
    ["in one file", 5e9],
    ["in shards", 20_000],
  ])("%s opens in transformers with the same logits, and comes back", async (_, maxShardBytes) => {
    await writeHuggingFace(inFolder("ours"), params, config, { maxShardBytes });
    const { logits, ...rest } = runPython<Answer>(
      program,
      inFolder("ours"),
      inFolder("theirs"),
      JSON.stringify(ids),
    );
    expect(rest).toEqual({ unfit: [], dtype: "torch.float32", shape: [2, 8, 300] });
    const own = model.logits(params, tf.tensor2d(ids, undefined, "int32")).dataSync();
    const size = Math.max(...logits.map(Math.abs));
    expect(size).toBeGreaterThan(1);
    logits.forEach((logit, i) => {
      expect(Math.abs(logit - Number(own[i])) / size).toBeLessThan(3e-6);
    });

    const theirs = await pretrainedGpt2(inFolder("theirs"), { tokenizer: byteTokenizer });
    expect(theirs.config).toEqual(config);
    for (const [name, tensor] of Object.entries(await theirs.init(0))) {
      expect(tensor.dataSync(), name).toEqual(params[name]?.dataSync());
    }
  });
});

test.skipIf(noPython)(
  `a checkpoint in half precision opens in transformers with every number rounded as torch rounds it ${noPython ?? ""}`,
  async () => {
    await writeHuggingFace(inFolder("float32"), params, config);
    await writeHuggingFace(inFolder("float16"), params, config, { dtype: "float16" });
    await writeHuggingFace(inFolder("bfloat16"), params, config, { dtype: "bfloat16" });
    const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM
from safetensors.torch import load_file
whole = AutoModelForCausalLM.from_pretrained(sys.argv[1] + "/float32").state_dict()
told = {}
for name in ["float16", "bfloat16"]:
  model = AutoModelForCausalLM.from_pretrained(sys.argv[1] + "/" + name)
  stored = load_file(sys.argv[1] + "/" + name + "/model.safetensors")
  told[name] = {
    "dtypes": sorted({str(tensor.dtype) for tensor in [*stored.values(), *model.parameters()]}),
    "wrong": [key for key, tensor in model.state_dict().items()
              if not torch.equal(tensor, whole[key].to(getattr(torch, name)))],
    "special": [model.generation_config.bos_token_id, model.generation_config.eos_token_id],
  }
print(json.dumps(told))
`;
    expect(runPython(program, inFolder())).toEqual({
      float16: { dtypes: ["torch.float16"], wrong: [], special: [1, [2, 299]] },
      bfloat16: { dtypes: ["torch.bfloat16"], wrong: [], special: [1, [2, 299]] },
    });
  },
);

test.each([
  ["float16", 2 ** -11],
  ["bfloat16", 2 ** -8],
] as const)(
  "a checkpoint in %s comes back within half a unit in the last place",
  async (dtype, half) => {
    await writeHuggingFace(inFolder(), params, config, { dtype });
    const again = await pretrainedGpt2(inFolder(), { tokenizer: byteTokenizer });
    for (const [name, tensor] of Object.entries(await again.init(0))) {
      const wanted = params[name]?.dataSync() ?? [];
      tensor.dataSync().forEach((value, i) => {
        const size = Math.max(Math.abs(Number(wanted[i])), 2 ** -14);
        expect(Math.abs(value - Number(wanted[i])) / size).toBeLessThanOrEqual(half);
      });
    }
  },
);

describe("a checkpoint that transformers wrote", () => {
  const golden = join(import.meta.dirname, "../../../test/oracle/numbers/gpt2-tiny");

  test("is written again with the same tensors and settings", async () => {
    const tiny = await pretrainedGpt2(golden, { tokenizer: byteTokenizer });
    await tiny.save?.(await tiny.init(0), inFolder());
    const [stored, written] = await Promise.all(
      [golden, inFolder()].map((folder) => readSafetensors(join(folder, "model.safetensors"))),
    );
    expect(Object.keys(written ?? {}).toSorted()).toEqual(Object.keys(stored ?? {}).toSorted());
    for (const [name, tensor] of Object.entries(stored ?? {})) {
      expect(written?.[name]?.shape, name).toEqual(tensor.shape);
      expect(written?.[name]?.dataSync(), name).toEqual(tensor.dataSync());
    }
    const settings = async (folder: string) =>
      JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    // n_ctx is an old name of n_positions, for readers of that time.
    const { n_ctx, ...own } = await settings(inFolder());
    expect(n_ctx).toBe(64);
    expect(await settings(golden)).toMatchObject(own);
  });
});
