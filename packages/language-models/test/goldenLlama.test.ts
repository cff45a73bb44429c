import { readFileSync } from "node:fs";
import { createObjective, type Params, type TokenSequence, tokenBatch } from "@metalearn/core";
import { readSafetensors } from "@metalearn/core/files";
import { missing, shared } from "@metalearn/test-support/shared";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, parameterShapes, readCheckpoint } from "../src/index.js";
import { type RotaryConfig, rotaryArchitecture, rotaryModel } from "./support/rotaryModel.js";

interface Case {
  readonly inputs: Readonly<Record<"input_ids" | "attention_mask" | "token_type_ids", number[][]>>;
  readonly expected: {
    readonly logits: { readonly tensor: string };
    readonly loss: number;
    readonly grad: { readonly prefix: string };
    readonly hvp: { readonly prefix: string };
  };
  readonly tolerance: Readonly<
    Record<"logits" | "grad" | "hvp", { readonly recommended_float32: { readonly rel_l2: number } }>
  >;
}

const small = { vocabularySize: 96, maxTokens: 128, width: 32, layers: 2, heads: 4 };
const variants: Record<string, RotaryConfig> = {
  "gqa-tied-theta10k": {
    ...small,
    inner: 88,
    keyValueHeads: 2,
    theta: 1e4,
    epsilon: 1e-5,
    isTied: true,
  },
  "mqa-untied-theta100k": {
    ...small,
    inner: 56,
    keyValueHeads: 1,
    theta: 1e5,
    epsilon: 1e-6,
    isTied: false,
  },
};

const reason = missing("golden/llama-tiny");

describe.skipIf(reason).each(Object.entries(variants))(
  `Llama of shared parts equals PyTorch: %s ${reason ?? ""}`,
  (name, config) => {
    const folder = shared("golden/llama-tiny", name);
    const architecture = rotaryArchitecture(config);
    const model = rotaryModel(config, { ...byteTokenizer, vocabularySize: 96 });

    const load = async (which: string) => {
      const golden = JSON.parse(readFileSync(`${folder}/forward_backward_hvp.json`, "utf8"));
      const stored = await readSafetensors(`${folder}/forward_backward_hvp.safetensors`);
      const under = (prefix: string): Params =>
        Object.fromEntries(
          Object.keys(parameterShapes(architecture)).map((own) => {
            const full = own === "lm_head.weight" ? own : `model.${own}`;
            return [own, stored[prefix + full] as tf.Tensor];
          }),
        );
      const example: Case = golden.cases[which];
      return {
        ...example,
        stored,
        under,
        vector: under(golden.hvp_vector.stored.prefix),
        params: await readCheckpoint(folder, architecture),
      };
    };

    const relative = (actual: tf.Tensor, wanted: tf.Tensor): number =>
      Number(tf.div(tf.norm(tf.sub(actual, wanted)), tf.norm(wanted)).dataSync()[0]);
    const flat = (tensors: Params) =>
      tf.concat(Object.values(tensors).map((tensor) => tf.reshape(tensor, [-1])));

    test.each(["plain", "right_padded"])("%s", async (which) => {
      const { inputs, expected, tolerance, stored, under, vector, params } = await load(which);
      const sequences = inputs.input_ids.map((ids, row): TokenSequence => {
        const length = inputs.attention_mask[row]?.filter((real) => real === 1).length;
        return {
          ids: ids.slice(0, length),
          scoredFrom: inputs.token_type_ids[row]?.indexOf(1) ?? 0,
        };
      });
      const { loss, gradients } = createObjective(model).gradient(params, tokenBatch(sequences));
      expect(Math.abs(Number(loss.dataSync()[0]) / expected.loss - 1)).toBeLessThan(1e-6);
      const product = createObjective(model).hvp(params, tokenBatch(sequences), vector);
      const limit = (block: keyof Case["tolerance"]) => tolerance[block].recommended_float32.rel_l2;
      expect(relative(flat(gradients), flat(under(expected.grad.prefix)))).toBeLessThan(
        limit("grad"),
      );
      expect(relative(flat(product), flat(under(expected.hvp.prefix)))).toBeLessThan(limit("hvp"));
      if (which !== "plain") return; // of padding, transformers computes something as well
      const logits = model.logits(params, tf.tensor2d(inputs.input_ids, undefined, "int32"));
      const wanted = stored[expected.logits.tensor] as tf.Tensor;
      expect(relative(logits, wanted)).toBeLessThan(limit("logits"));
    });
  },
);
