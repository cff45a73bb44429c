import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filterParams, type LanguageModel, type Params, tokenBatch } from "@metalearn/core";
import { loadParams, openSafetensors, saveParams, writeSafetensors } from "@metalearn/core/files";
import { byteTokenizer } from "@metalearn/models-gpt2";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lora, mergeLora, pretrainedLora, pretrainedSoftPrompt, softPrompt } from "../src/index.js";
import { distance, model, sequence, shaken } from "./support/tinyGpt2.js";
import { llamaModel } from "./support/tinyLlama.js";

const adapted = lora(model, {
  rank: 3,
  alpha: 5,
  targets: ["*.c_attn.weight", "h.1.mlp.*.weight"],
});
const prompted = softPrompt(model, { tokens: 4 });

const inFolder = temporaryFolder();

/** Every tensor random and none zero, biases and layer norms included. */
async function random(of: LanguageModel): Promise<Params> {
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

  test("stays as it is where its model is saved in half precision", async () => {
    await saveParams(adapted, await random(adapted), inFolder(), { dtype: "bfloat16" });
    const typesOf = async (...path: string[]) => {
      const file = await openSafetensors(inFolder(...path));
      await file.close();
      return new Set(Object.values(file.entries).map(({ dtype }) => dtype));
    };
    expect(await typesOf("model.safetensors")).toEqual(new Set(["BF16"]));
    expect(await typesOf("lora", "adapter_model.safetensors")).toEqual(new Set(["F32"]));
  });

  test("gives a model its start", async () => {
    const params = await random(adapted);
    await saveParams(adapted, params, inFolder());
    const again = await pretrainedLora(model, inFolder("lora"));
    const batch = tokenBatch([sequence("abcab:cab", 8), sequence("b:aaa", 3)]);
    const merged = mergeLora(
      model,
      { ...(await again.init(1)), ...(await model.init(1)) },
      { alpha: 5 },
    );
    expect(again.loss(await again.init(1), batch).dataSync()).toEqual(
      model.loss(merged, batch).dataSync(),
    );
  });
});

/**
 * Losses of one sequence: of our adapters opened on our checkpoints, of a checkpoint that we merged
 * and one that PEFT merges, and of adapters that PEFT writes.
 */
const program = `
import json, sys, warnings, peft, torch
from transformers import AutoModelForCausalLM

warnings.simplefilter("error")
folder, ids, targets, fan_in_fan_out = sys.argv[1], *map(json.loads, sys.argv[2:])
lora = dict(task_type="CAUSAL_LM", fan_in_fan_out=fan_in_fan_out, init_lora_weights=False)
told = {}

def open(name):
  return AutoModelForCausalLM.from_pretrained(f"{folder}/{name}")

def tell(name, model):
  model.eval()
  with torch.no_grad():
    rows = model(torch.tensor([ids])).logits[0][-len(ids):-1]
  told[name] = torch.nn.functional.cross_entropy(rows, torch.tensor(ids[1:]), reduction="none").tolist()

for name in ["lora", "prompt"]:
  model = open(name)
  tell(f"plain {name}", model)
  model = peft.PeftModel.from_pretrained(model, f"{folder}/{name}/{name}")
  tell(name, model)
  if name == "lora":
    tell("merged by PEFT", model.merge_and_unload())
tell("merged", open("merged"))

torch.manual_seed(1)
for name, config in {
  "their lora": peft.LoraConfig(r=2, lora_alpha=7, target_modules=targets, **lora),
  "their prompt": peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
}.items():
  model = peft.get_peft_model(open("lora"), config)
  model.save_pretrained(f"{folder}/{name}")
  tell(name, model)
print(json.dumps(told))
`;

const noPython = pythonLacks("torch", "transformers", "peft");

const models = {
  "a GPT-2": {
    model,
    targets: ["*.c_attn.weight", "h.1.mlp.*.weight"],
    theirs: ["c_attn", "c_fc"],
  },
  "a Llama": {
    model: llamaModel,
    targets: ["*.q_proj.weight", "*.v_proj.weight", "layers.1.mlp.*.weight"],
    theirs: ["q_proj", "o_proj", "down_proj"],
  },
};

describe.skipIf(noPython).each(Object.entries(models))(
  `beside PEFT, %s ${noPython ?? ""}`,
  (_, { model, targets, theirs }) => {
    const adapted = lora(model, { rank: 3, alpha: 5, targets });
    const prompted = softPrompt(model, { tokens: 4 });
    const ids = byteTokenizer.encode("abcab:cab");
    const losses = (of: LanguageModel, params: Params) =>
      of.tokenLosses(params, tokenBatch([{ ids, scoredFrom: 1 }])).dataSync();

    let folder: string;
    let told: Record<string, number[]>;
    const ofPeft = (name: string) => told[name] ?? [];
    let params: Record<"lora" | "prompt", Params>;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "metalearn-peft-"));
      params = { lora: await random(adapted), prompt: await random(prompted) };
      await saveParams(adapted, params.lora, join(folder, "lora"));
      await saveParams(prompted, params.prompt, join(folder, "prompt"));
      await saveParams(model, mergeLora(model, params.lora, { alpha: 5 }), join(folder, "merged"));
      const given = [ids, theirs, model.peft?.fanInFanOut];
      told = runPython(program, folder, ...given.map((value) => JSON.stringify(value)));
    });
    afterAll(() => rm(folder, { recursive: true }));

    test.each([
      ["lora", adapted],
      ["prompt", prompted],
    ] as const)("our %s opens on our checkpoint, with the same losses", (name, of) => {
      expect(distance(losses(model, params[name]), ofPeft(`plain ${name}`))).toBeLessThan(3e-6);
      expect(distance(losses(of, params[name]), ofPeft(name))).toBeLessThan(3e-6);
      expect(distance(ofPeft(name), ofPeft(`plain ${name}`))).toBeGreaterThan(0.01);
    });

    test("our merged checkpoint has the losses of theirs, and of the adapter", () => {
      expect(distance(ofPeft("merged"), ofPeft("merged by PEFT"))).toBeLessThan(3e-6);
      expect(distance(ofPeft("merged"), ofPeft("lora"))).toBeLessThan(3e-6);
    });

    test.each([
      ["their lora", pretrainedLora],
      ["their prompt", pretrainedSoftPrompt],
    ])("%s opens here, with the same losses", async (name, open) => {
      const opened = await open(model, join(folder, name));
      const plain = filterParams(params.lora, (name) => !name.includes(".lora_"));
      const own = losses(opened, { ...(await opened.init(1)), ...plain });
      expect(distance(own, ofPeft(name))).toBeLessThan(3e-6);
      expect(distance(ofPeft(name), ofPeft("plain lora"))).toBeGreaterThan(1e-3);
    });
  },
);

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
      "h.0.attn.c_attn: expected [rank,8] and [24,rank], got [3,8] and [24,2]",
    ],
    [
      { [stored("c_attn", "A")]: [3, 8] },
      "h.0.attn.c_attn: expected [rank,8] and [24,rank], got [3,8] and [missing]",
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
      "expected prompt_embeddings [5,8], got prompt_embeddings [4,8]",
    );
  });
});
