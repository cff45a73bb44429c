import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tokenizer } from "@metalearn/core";
import { openSafetensors } from "@metalearn/core/files";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { convertGguf, openGguf, readTokenizer } from "../../src/index.js";
import { rawGguf } from "../support/rawGguf.js";
import { tinyLlama } from "../support/tinyLlama.js";

const inFolder = temporaryFolder();
const models = ["llama", "llama-biases", "llama3", "qwen2", "qwen3", "gpt2"];
const fixture = (name: string) => join(import.meta.dirname, `../fixtures/gguf/${name}.gguf`);

test("a converted model has the file's tensors and configuration, in shards where asked", async () => {
  await convertGguf(fixture("qwen3"), inFolder("qwen3"), { maxShardBytes: 20_000 });
  const names = readdirSync(inFolder("qwen3")).sort();
  const shards = names.filter((name) => name.endsWith(".safetensors"));
  expect(names).toEqual([
    "config.json",
    ...shards,
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect(shards.length).toBeGreaterThan(3);
  const file = await openGguf(fixture("qwen3"));
  const config = JSON.parse(readFileSync(inFolder("qwen3/config.json"), "utf8"));
  expect(config).toEqual({ ...file.config, dtype: "float32" });
  const left = new Set(Object.keys(file.entries));
  for (const shard of shards) {
    const written = await openSafetensors(inFolder("qwen3", shard));
    for (const name of Object.keys(written.entries)) {
      expect(left.delete(name), name).toBe(true);
      const [ours, theirs] = await Promise.all([file.read(name), written.read(name)]);
      expect(theirs.dataSync(), name).toEqual(ours.dataSync());
    }
    await written.close();
  }
  expect(left.size).toBe(0);
  await file.close();
});

test("a tokenizer is told the context length", async () => {
  const saved: unknown[] = [];
  const tokenizer = { save: async (...all: unknown[]) => void saved.push(...all) } as never;
  await convertGguf(fixture("gpt2"), inFolder("gpt2"), { tokenizer: tokenizer as Tokenizer });
  expect(saved).toEqual([expect.any(String), 48]);
});

describe("nothing is left of a conversion", () => {
  test("of a file with a type that cannot be read", async () => {
    const norm = "output_norm.weight";
    const tensors = [{ name: norm, dims: [4], type: 28 }];
    await writeFile(inFolder("a.gguf"), rawGguf(tinyLlama({ without: [norm], tensors })));
    await expect(convertGguf(inFolder("a.gguf"), inFolder("out"))).rejects.toThrow(/is F64/);
    expect(readdirSync(inFolder())).toEqual(["a.gguf"]);
  });

  test("that ends in an error while it writes", async () => {
    const tokenizer = { save: () => Promise.reject(new Error("no")) } as never;
    const options = { tokenizer: tokenizer as Tokenizer };
    await expect(convertGguf(fixture("llama"), inFolder("out"), options)).rejects.toThrow("no");
    expect(readdirSync(inFolder())).toEqual([]);
  });

  test("into a folder that has something in it, or is none", async () => {
    await mkdir(inFolder("out"));
    await convertGguf(fixture("llama"), inFolder("out"));
    await expect(convertGguf(fixture("llama"), inFolder("out"))).rejects.toThrow(
      /\[BAD_OPTION\] Expected a new or an empty folder, got .*out with config.json in it/,
    );
    await writeFile(inFolder("file"), "");
    await expect(convertGguf(fixture("llama"), inFolder("file"))).rejects.toThrow(/BAD_OPTION/);
  });
});

const noPython = pythonLacks("torch", "transformers", "gguf", "accelerate");

/** Opens converted folders, and the GGUF files with the configurations there. */
const program = `
import json, logging, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, logging
logging.set_verbosity_error()
source, converted, *names = sys.argv[1:]
told = {}
ids = torch.arange(40)[None] * 7 % 64
for name in names:
  ours, info = AutoModelForCausalLM.from_pretrained(f"{converted}/{name}", output_loading_info=True)
  theirs = AutoModelForCausalLM.from_pretrained(source, gguf_file=f"{name}.gguf", config=ours.config, dtype=torch.float32)
  a, b = ours.state_dict(), theirs.state_dict()
  with torch.no_grad():
    logits = [model.eval()(ids).logits for model in [ours, theirs]]
  told[name] = {
    "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
    "wrong": [key for key in a if not torch.equal(a[key], b[key])],
    "keys": a.keys() == b.keys(),
    "logits": torch.equal(*logits),
    "spread": logits[0].std().item(),
    "rope": getattr(ours.config, "rope_parameters", None),
    "ids": AutoTokenizer.from_pretrained(f"{converted}/{name}")("the inner thing")["input_ids"],
    "template": AutoTokenizer.from_pretrained(f"{converted}/{name}").chat_template,
  }
print(json.dumps(told))
`;

test.skipIf(noPython)(
  `converted models open in transformers with the logits that it has of the GGUF files ${noPython ?? ""}`,
  async () => {
    for (const name of models) await convertGguf(fixture(name), inFolder(name));
    const folder = join(import.meta.dirname, "../fixtures/gguf");
    const told = runPython<Record<string, Record<string, unknown>>>(
      program,
      folder,
      inFolder(),
      ...models,
    );
    const seen = JSON.parse(readFileSync(join(folder, "models.json"), "utf8"));
    for (const name of models) {
      const { spread, rope, ids, template, ...rest } = told[name] ?? {};
      const tokenizer = await readTokenizer(fixture(name));
      expect([ids, template], name).toEqual([
        [...tokenizer.around.before, ...tokenizer.encode("the inner thing")],
        tokenizer.chatTemplate ?? null,
      ]);
      expect(rest, name).toEqual({ unfit: [], wrong: [], keys: true, logits: true });
      expect(spread).toBeGreaterThan(0.5);
      expect(rope ?? {}, name).toEqual(seen[`${name}.gguf`].rope);
    }
  },
  300_000,
);
