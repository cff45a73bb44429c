import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  loadParams,
  type Params,
  saveParams,
  type TokenSequence,
  tokenBatch,
  writeSafetensors,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { pythonLacks, runPython } from "../../core/test/support/python.js";
import { temporaryFolder } from "../../core/test/support/temporaryFolder.js";
import { lora, mergeLora, pretrainedLora, pretrainedSoftPrompt, softPrompt } from "../src/index.js";
import { distance, model, sequence, shaken } from "./support/tinyGpt2.js";

const adapted = lora(model, {
  rank: 3,
  alpha: 5,
  targets: ["*.c_attn.weight", "h.1.mlp.*.weight"],
});
const prompted = softPrompt(model, { tokens: 4 });
const sequences = [sequence("abcab:cab", 8), sequence("b:aaaaaaaaa", 10)];

const inFolder = temporaryFolder();

/** Every tensor random and none zero, biases and layer norms included. */
async function random(of: typeof model | typeof adapted): Promise<Params> {
  return shaken(await of.init(1), 0.3);
}

describe("a saved adapter", () => {
  test.each([
    ["LoRA", "lora", adapted],
    ["soft prompt", "prompt", prompted],
  ])("(%s) comes back with its model, bit for bit and in order", async (_, folder, of) => {
    const params = await random(of);
    await saveParams(of, params, inFolder());
    const again = await loadParams(of, inFolder());
    expect(Object.keys(again)).toEqual(Object.keys(params));
    for (const [name, tensor] of Object.entries(again)) {
      expect(tensor.dataSync(), name).toEqual(params[name]?.dataSync());
    }
    // The model's own files are those of the model alone.
    expect(Object.keys(await loadParams(model, inFolder()))).not.toContain(
      Object.keys(params).at(-1),
    );
    await expect(loadParams(model, inFolder(folder))).rejects.toThrow("[MISSING_FILE]");
  });

  test("gives a model its start", async () => {
    const params = await random(adapted);
    await saveParams(adapted, params, inFolder());
    const again = await pretrainedLora(model, inFolder("lora"));
    const batch = tokenBatch(sequences);
    const merged = mergeLora({ ...(await again.init(1)), ...(await model.init(1)) }, { alpha: 5 });
    expect(again.loss(await again.init(1), batch).dataSync()).toEqual(
      model.loss(merged, batch).dataSync(),
    );
  });
});

/** Opens the model and adapters on it, and tells the losses of sequences. */
const program = `
import json, sys, torch, peft
from peft import PeftModel
from transformers import GPT2LMHeadModel

def losses(model, ids):
  model.eval()
  with torch.no_grad():
    rows = model(torch.tensor([ids])).logits[0][-len(ids):]
  return torch.nn.functional.cross_entropy(rows[:-1], torch.tensor(ids[1:]), reduction="none").tolist()

def tell(**of):
  print(json.dumps(of))
`;

/** What PEFT has to say, with its warnings as errors. */
const python = (body: string, ...args: string[]) =>
  runPython<Record<string, number[]>>(`${program}\n${body}`, ...args);

const allLosses = (of: typeof model | typeof adapted, params: Params, { ids }: TokenSequence) =>
  of.tokenLosses(params, tokenBatch([{ ids, scoredFrom: 1 }])).dataSync();

const noPython = pythonLacks("torch", "transformers", "peft");

describe.skipIf(noPython)(`PEFT ${noPython ?? ""}`, () => {
  const [{ ids }] = sequences as [TokenSequence];
  const text = JSON.stringify(ids);

  test.each([
    ["LoRA", "lora", adapted],
    ["soft prompt", "prompt", prompted],
  ])("opens our %s on our checkpoint, with the same losses", async (_, folder, of) => {
    const params = await random(of);
    await saveParams(of, params, inFolder());
    const { plain, adapted: theirs } = python(
      `
import warnings; warnings.simplefilter("error")
base, adapter, ids = sys.argv[1:]
ids = json.loads(ids)
model = GPT2LMHeadModel.from_pretrained(base)
plain = losses(model, ids)
tell(plain=plain, adapted=losses(PeftModel.from_pretrained(model, adapter), ids))
`,
      inFolder(),
      inFolder(folder),
      text,
    );
    expect(distance(allLosses(model, params, { ids, scoredFrom: 1 }), plain ?? [])).toBeLessThan(
      3e-6,
    );
    const own = allLosses(of, params, { ids, scoredFrom: 1 });
    expect(distance(own, theirs ?? [])).toBeLessThan(3e-6);
    expect(distance(own, plain ?? [])).toBeGreaterThan(0.01);
  });

  test("computes what our merged checkpoint does in transformers", async () => {
    const params = await random(adapted);
    await saveParams(adapted, params, inFolder("ours"));
    await saveParams(model, mergeLora(params, { alpha: 5 }), inFolder("merged"));
    const { adapter, merged, theirs } = python(
      `
ours, merged, ids = sys.argv[1:]
ids = json.loads(ids)
model = PeftModel.from_pretrained(GPT2LMHeadModel.from_pretrained(ours), ours + "/lora")
tell(
  adapter=losses(model, ids),
  merged=losses(GPT2LMHeadModel.from_pretrained(merged), ids),
  theirs=losses(model.merge_and_unload(), ids),
)
`,
      inFolder("ours"),
      inFolder("merged"),
      text,
    );
    expect(distance(merged ?? [], adapter ?? [])).toBeLessThan(3e-6);
    expect(distance(merged ?? [], theirs ?? [])).toBeLessThan(3e-6);
  });

  test.each([
    [
      "LoRA",
      pretrainedLora,
      "peft.LoraConfig(r=2, lora_alpha=7, target_modules=['c_attn', 'c_fc'], task_type='CAUSAL_LM', fan_in_fan_out=True, init_lora_weights=False)",
    ],
    [
      "soft prompt",
      pretrainedSoftPrompt,
      "peft.PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=3)",
    ],
  ])("writes a %s that we open with the same losses", async (_, open, config) => {
    const params = await random(model);
    await saveParams(model, params, inFolder("base"));
    const { losses } = python(
      `
base, adapter, ids = sys.argv[1:]
torch.manual_seed(1)
model = peft.get_peft_model(GPT2LMHeadModel.from_pretrained(base), ${config})
model.save_pretrained(adapter)
tell(losses=losses(model, json.loads(ids)))
`,
      inFolder("base"),
      inFolder("theirs"),
      text,
    );
    const opened = await open(model, inFolder("theirs"));
    const own = allLosses(opened, { ...(await opened.init(1)), ...params }, { ids, scoredFrom: 1 });
    expect(distance(own, losses ?? [])).toBeLessThan(3e-6);
  });
});

describe("an adapter that does not fit", () => {
  beforeEach(async () => {
    await saveParams(adapted, await adapted.init(1), inFolder());
  });

  const change = async (settings: object) => {
    const path = inFolder("lora", "adapter_config.json");
    const config = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...config, ...settings }));
  };

  test.each([
    [{ use_dora: true }, "use_dora"],
    [{ use_rslora: true }, "use_rslora"],
    [{ bias: "all" }, "bias"],
    [{ alpha_pattern: { c_attn: 32 } }, "alpha_pattern"],
    [{ modules_to_save: ["ln_f"] }, "modules_to_save"],
    [{ peft_type: "IA3" }, "peft_type"],
  ])("because it computes otherwise, %j, is refused", async (settings, name) => {
    await change(settings);
    await expect(pretrainedLora(model, inFolder("lora"))).rejects.toThrow(
      new RegExp(`^\\[BAD_CHECKPOINT\\] The adapter in .* cannot be used: .*${name}`),
    );
  });

  test("because it is none, is refused", async () => {
    await expect(pretrainedSoftPrompt(model, inFolder("none"))).rejects.toThrow(
      `[MISSING_FILE] There is no adapter in ${inFolder("none")}`,
    );
    await writeFile(inFolder("lora", "adapter_config.json"), "{");
    await expect(pretrainedLora(model, inFolder("lora"))).rejects.toThrow(
      "adapter_config.json is not JSON",
    );
  });

  const stored = (layer: string, factor: string) =>
    `base_model.model.transformer.h.0.attn.${layer}.lora_${factor}.weight`;

  test.each([
    [
      { [stored("c_attn", "A")]: [3, 8], [stored("c_attn", "B")]: [24, 2] },
      "h.0.attn.c_attn wants [rank,8] and [24,rank]; came [3,8] and [24,2]",
    ],
    [
      { [stored("c_attn", "A")]: [3, 8] },
      "h.0.attn.c_attn wants [rank,8] and [24,rank]; came [3,8] and [missing]",
    ],
    [
      { [stored("query", "A")]: [3, 8] },
      `the model has no place for its tensor "${stored("query", "A")}"`,
    ],
  ])("because of its tensors, is refused: %j", async (shapes, message) => {
    const tensors = Object.entries(shapes).map(([name, shape]) => [name, tf.zeros(shape)]);
    const path = join(inFolder("lora"), "adapter_model.safetensors");
    await writeSafetensors(path, Object.fromEntries(tensors));
    const before = tf.memory().numTensors;
    const opened = await pretrainedLora(model, inFolder("lora"));
    await expect(opened.init(1)).rejects.toThrow(message);
    await expect(loadParams(adapted, inFolder())).rejects.toThrow("[BAD_CHECKPOINT]");
    expect(tf.memory().numTensors).toBe(before);
  });

  test("because it is longer, is refused", async () => {
    await saveParams(prompted, await prompted.init(1), inFolder("other"));
    const longer = softPrompt(model, { tokens: 5 });
    await expect(loadParams(longer, inFolder("other"))).rejects.toThrow(
      "wanted prompt_embeddings [5,8]; came prompt_embeddings [4,8]",
    );
  });
});
