import { cpSync, readFileSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createToolkit } from "@metalearn/core/runs";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import plugin, {
  byteTokenizer,
  gpt2Sizes,
  type PretrainedOptions,
  parameterShapes,
  pretrainedGpt2,
} from "../src/index.js";
import { inferConfig } from "../src/inferConfig.js";

const inFolder = temporaryFolder();
const fixture = (name: string) => join(import.meta.dirname, "fixtures/torch", name);
/** Every 16th logit that transformers computes, at each of the ids. */
const expected: Record<string, number[]> & { ids: number[][] } = JSON.parse(
  readFileSync(fixture("expected.json"), "utf8"),
);

async function expectLogits(
  source: string,
  wanted: readonly number[] | undefined,
  options: PretrainedOptions = {},
): Promise<void> {
  const model = await pretrainedGpt2(source, { tokenizer: byteTokenizer, ...options });
  const ids = tf.tensor2d(expected.ids, undefined, "int32");
  const logits = model.logits(await model.init(0), ids).dataSync();
  const some = logits.filter((_, i) => i % 16 === 0);
  const size = Math.max(...(wanted ?? []).map(Math.abs));
  expect(size).toBeGreaterThan(1);
  expect(some).toHaveLength(wanted?.length ?? 0);
  some.forEach((logit, i) => {
    expect(Math.abs(logit - Number(wanted?.[i])) / size).toBeLessThan(3e-6);
  });
}

describe("a checkpoint of torch.save", () => {
  test.each(["model.pt", "half.pt"])(
    "as MetaICL's trainer writes them has transformers' logits (%s)",
    (name) => expectLogits(fixture(name), expected[name], { heads: 2 }),
  );

  test("may have the names of torch's DataParallel", () =>
    expectLogits(fixture("parallel.pt"), expected["model.pt"], { heads: 2 }));

  test("may be a folder of shards", () => expectLogits(fixture("bin"), expected["model.pt"]));

  test("takes its heads from config.json beside it", async () => {
    await copyFile(fixture("model.pt"), inFolder("model.pt"));
    await copyFile(fixture("bin/config.json"), inFolder("config.json"));
    await expectLogits(inFolder("model.pt"), expected["model.pt"]);
    await expect(pretrainedGpt2(inFolder("model.pt"), { heads: 4 })).rejects.toThrow(
      "expected the 2 of",
    );
  });

  test("is saved as a folder that needs nothing else", async () => {
    const model = await pretrainedGpt2(fixture("model.pt"), { tokenizer: byteTokenizer, heads: 2 });
    await model.save?.(await model.init(0), inFolder("saved"));
    await expectLogits(inFolder("saved"), expected["model.pt"]);
  });

  test("is named in a config by its path", async () => {
    const scope = createToolkit([plugin]).open({
      seed: 1,
      references: {
        model: { use: "gpt2", weights: fixture("model.pt"), heads: 2, tokenizer: "byte" },
      },
    });
    const model = await scope.get("model");
    expect(Object.keys(await model.init(1))).toHaveLength(28);
    await scope.dispose();
  });
});

test.each(Object.entries(gpt2Sizes))(
  "the size of a file without config.json is that of %s, if its tensors are",
  (_, size) => {
    const shapes = new Map(Object.entries(parameterShapes(size)));
    expect(inferConfig("model.pt", shapes, undefined)).toEqual(size);
  },
);

describe("a checkpoint of torch.save that does not fit says why", () => {
  test("heads that it does not tell", async () => {
    await expect(pretrainedGpt2(fixture("model.pt"))).rejects.toThrow(
      /^\[BAD_OPTION\] .*model\.pt does not say how many attention heads it has, and no published GPT-2 is 4 wide\. Give heads, or put its config\.json beside it\.$/,
    );
  });

  test("a shard that is missing", async () => {
    cpSync(fixture("bin"), inFolder("bin"), { recursive: true });
    const index = inFolder("bin", "pytorch_model.bin.index.json");
    const text = (await readFile(index, "utf8")).replaceAll("-00002-of", "-00003-of");
    await writeFile(index, text);
    await expect(pretrainedGpt2(inFolder("bin"))).rejects.toThrow(
      /^\[MISSING_FILE\] Cannot read .*00003-of-00002\.bin/,
    );
  });

  test("a shard that is not listed", async () => {
    cpSync(fixture("bin"), inFolder("bin"), { recursive: true });
    const index = inFolder("bin", "pytorch_model.bin.index.json");
    const { weight_map: map } = JSON.parse(await readFile(index, "utf8"));
    const kept = Object.entries(map).filter(([, file]) => !String(file).includes("-00002-of-"));
    await writeFile(index, JSON.stringify({ weight_map: Object.fromEntries(kept) }));
    await expect(pretrainedGpt2(inFolder("bin"))).rejects.toThrow("14 tensors are missing");
  });

  test("another model", async () => {
    const core = join(import.meta.dirname, "../../core/test/fixtures/torch");
    await expect(pretrainedGpt2(join(core, "module.pt"))).rejects.toThrow(
      "module.pt holds no GPT-2: expected matrices wte.weight and wpe.weight, got 0.weight, 0.bias",
    );
  });

  test("a folder without any tensors", async () => {
    await copyFile(fixture("bin/config.json"), inFolder("config.json"));
    await expect(pretrainedGpt2(inFolder())).rejects.toThrow(
      /^\[MISSING_FILE\] There is no model\.safetensors, no pytorch_model\.bin and no GGUF file in /,
    );
  });
});
