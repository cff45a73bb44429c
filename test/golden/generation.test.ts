import { join } from "node:path";
import {
  disposeParams,
  type GenerateOptions,
  generate,
  generateText,
  type Params,
  type Tokenizer,
} from "@metalearn/core";
import { filterLogits } from "@metalearn/core/testing";
import { type Gpt2Config, gpt2, parameterShapes } from "@metalearn/models-gpt2";
import { llama, readLlamaConfig, readLlamaParams } from "@metalearn/models-llama";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bestEngine, engines, useEngine } from "../support/engines.js";
import { committed, readGoldenJson } from "../support/golden.js";

interface Greedy {
  readonly prompt: number[];
  readonly ids: number[];
}

type Filters = Pick<GenerateOptions, "topK" | "topP"> & { readonly temperature: number };

const {
  shape,
  greedy,
  sampled,
  warped,
  llama: tinyLlama,
} = readGoldenJson<{
  readonly shape: Gpt2Config;
  readonly greedy: readonly Greedy[];
  readonly llama: {
    readonly folder: string;
    readonly maxTokens: number;
    readonly greedy: readonly Greedy[];
  };
  readonly sampled: readonly {
    readonly prompt: number[];
    readonly options: Filters;
    readonly kept: number[];
    readonly log_probabilities: number[];
  }[];
  readonly warped: readonly {
    readonly scores: number[];
    readonly options: Filters;
    readonly kept: number[];
  }[];
}>(committed, "generation/generation.json");

/** Ids as text. */
const tokenizer: Tokenizer = {
  name: "ids",
  vocabularySize: shape.vocabularySize,
  encode: (text) => text.split(" ").map(Number),
  decode: (ids) => ids.map((id) => ` ${id}`).join(""),
};

const model = gpt2(shape, tokenizer);
const llamaFolder = join(committed.folder, tinyLlama.folder);

/** Parameters by the formula of the reference numbers. */
function formulaParams(): Params {
  const hash = (x: number) => {
    let y = Math.imul(x ^ (x >>> 15), 2246822519);
    y = Math.imul(y ^ (y >>> 13), 3266489917);
    return (y ^ (y >>> 16)) >>> 0;
  };
  const shapes = Object.entries(parameterShapes(shape));
  return Object.fromEntries(
    shapes.map(([name, dims], j) => {
      const scale = dims.length === 2 ? 1 : 0.4;
      const centre = /ln_\w+\.weight$/.test(name) ? 1 : 0;
      const values = Float32Array.from({ length: tf.util.sizeFromShape(dims) }, (_, i) => {
        const u = hash(Math.imul(2654435761, i + 1) + Math.imul(40503, j + 1));
        return centre + (u / 2 ** 32 - 0.5) * scale;
      });
      return [name, tf.tensor(values, dims)];
    }),
  );
}

const keptOf = (scores: Float64Array) =>
  [...scores.keys()].filter((id) => Number.isFinite(scores[id]));

const models = [
  { title: "GPT-2", model, open: async () => formulaParams(), greedy },
  {
    title: "Llama",
    model: llama(
      { ...(await readLlamaConfig(llamaFolder)), maxTokens: tinyLlama.maxTokens },
      { ...tokenizer, vocabularySize: 61 },
    ),
    open: async () => readLlamaParams(llamaFolder, await readLlamaConfig(llamaFolder)),
    greedy: tinyLlama.greedy,
  },
];

describe.each(engines)("on $name", ({ name, start, missing }) => {
  if (missing) return test.skip(missing);
  const engine = useEngine({ start });
  let params: Params;
  const isBest = name === bestEngine.name; // others are slow

  describe.each(models)("64 greedy tokens of a $title", ({ model, open, greedy }) => {
    beforeAll(async () => {
      params = await open();
    });
    afterAll(() => disposeParams(params));

    test.each([
      { useCache: true, compiled: true, count: isBest ? 50 : 1 },
      { useCache: false, compiled: true, count: isBest ? 50 : 1 },
      { useCache: true, compiled: false, count: 3 },
    ])("are those of transformers, %o", async ({ useCache, compiled, count }) => {
      const before = tf.memory().numTensors;
      for (const { prompt, ids } of greedy.slice(0, count)) {
        const options = { model, params, prompt, maxNewTokens: ids.length, useCache };
        const found = await generateText({ ...options, ...(compiled && { runtime: engine() }) });
        expect(found.ids).toEqual(ids);
        expect(found.text).toBe(tokenizer.decode(ids));
        expect(found.finishReason).toBe("length");
      }
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  test.each(sampled)("tokens are drawn as transformers draws them, $options", async (given) => {
    const { prompt, options, kept, log_probabilities } = given;
    const logits = tf.tidy(() => {
      const params = formulaParams();
      const all = model.logits(params, tf.tensor2d([prompt], undefined, "int32"));
      return tf.slice(all, [0, prompt.length - 1, 0], [1, 1, -1]).dataSync();
    });
    const scores = filterLogits(logits as Float32Array, options);
    expect(keptOf(scores)).toEqual(kept);
    const total = kept.reduce((sum, id) => sum + Math.exp(scores[id] as number), 0);
    kept.forEach((id, i) => {
      const found = (scores[id] as number) - Math.log(total);
      expect(Math.abs(found - Number(log_probabilities[i]))).toBeLessThan(1e-4);
    });
  });
});

test.each(warped)("scores with ties keep what transformers keeps, %o", (given) => {
  const kept = keptOf(filterLogits(Float32Array.from(given.scores), given.options));
  const scoresOf = (ids: readonly number[]) => ids.map((id) => given.scores[id]).sort();
  expect(scoresOf(kept)).toEqual(scoresOf(given.kept));
  // Which of equal scores top-p keeps is up to torch's sort, which is not stable.
  const left = given.scores.filter((_, id) => !given.kept.includes(id));
  if (given.kept.every((id) => !left.includes(given.scores[id] as number))) {
    expect(kept).toEqual(given.kept);
  }
});

describe("a stream", () => {
  let params: Params;
  beforeAll(() => {
    params = formulaParams();
  });
  afterAll(() => disposeParams(params));

  const [{ prompt, ids }] = greedy.slice(3) as [(typeof greedy)[number]];

  test("ends at a stop token, and its pieces are the whole", async () => {
    const end = ids[9] as number;
    const first = ids.indexOf(end);
    const pieces = generate({ model, params, prompt, maxNewTokens: 64, eosTokenId: end });
    const read: number[] = [];
    let text = "";
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) {
        expect(value).toEqual({ ids: read, text, finishReason: "stop" });
        break;
      }
      read.push(...value.ids);
      text += value.text;
    }
    expect(read).toEqual(ids.slice(0, first + 1));
    expect(text).toBe(tokenizer.decode(ids.slice(0, first)));
  });

  test("leaves no tensor behind when it is left early, or aborted", async () => {
    const before = tf.memory().numTensors;
    for await (const { ids } of generate({ model, params, prompt })) {
      expect(ids).toHaveLength(1);
      break;
    }
    expect(tf.memory().numTensors).toBe(before);
    const controller = new AbortController();
    const aborted = async () => {
      for await (const _ of generate({ model, params, prompt, signal: controller.signal })) {
        controller.abort(new Error("enough"));
      }
    };
    await expect(aborted()).rejects.toThrow("enough");
    expect(tf.memory().numTensors).toBe(before);
  });
});
