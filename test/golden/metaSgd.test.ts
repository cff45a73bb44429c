import { metaSgd } from "@metalearn/algorithms-maml";
import { createObjective, learnerParams, modelParams, type Params } from "@metalearn/core";
import { sgd } from "@metalearn/optimizers";
import { missing } from "@metalearn/test-support/shared";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import {
  expectGolden,
  type InlineTensor,
  recommended,
  type Stored,
  shortName,
  type ToleranceBlock,
  toTensors,
} from "../support/golden.js";
import { gpt2Tiny, type Problem, sinusoid } from "../support/mamlProblems.js";

interface File {
  readonly meta_sgd: {
    readonly elementwise_lr: Record<string, InlineTensor> | { readonly alpha: number };
    readonly per_tensor_lr: Record<string, number>;
    readonly cases: Record<
      string,
      {
        readonly grad_theta: Stored;
        readonly grad_lr: Stored | Record<string, number>;
        readonly tolerance: Record<"grad_theta" | "grad_lr", ToleranceBlock>;
      }
    >;
  };
}

const reason = missing("golden/maml");

const casesOf = (steps: readonly number[]) =>
  (["element", "tensor"] as const).flatMap((rates) =>
    steps.flatMap((K) => ([1, 2] as const).map((order) => [rates, K, order] as const)),
  );

const caseName = ([rates, K, order]: ReturnType<typeof casesOf>[number]) =>
  `${rates === "element" ? "elementwise" : "per_tensor"}_K${K}_order${order}`;

const problems: [string, () => Promise<Problem<File>>, ReturnType<typeof casesOf>][] = [
  ["gpt2-tiny", gpt2Tiny, casesOf([2])],
  ["sinusoid relu", () => sinusoid("relu"), casesOf([1, 2])],
  ["sinusoid tanh", () => sinusoid("tanh"), casesOf([1, 2])],
];

describe.skipIf(reason)(`Meta-SGD equals PyTorch (on ${bestEngine.name}) ${reason ?? ""}`, () => {
  useEngine(bestEngine);

  describe.each(problems)("on %s", (_, load, cases) => {
    test("every stored case is run", async () => {
      const names = cases.map(caseName).toSorted();
      const { meta_sgd: stored } = (await load()).golden.json;
      expect(names).toEqual(Object.keys(stored.cases).toSorted());
    });

    test.each(cases)("a rate per %s, %i inner steps, order %i", async (rates, K, order) => {
      const { golden, model, params, episodes } = await load();
      const { meta_sgd: stored } = golden.json;
      const expected = stored.cases[
        caseName([rates, K, order])
      ] as File["meta_sgd"]["cases"][string];
      const given =
        rates === "element" ? elementRates(params, stored) : scalars(stored.per_tensor_lr);
      const learner = metaSgd({ rates, innerSteps: K, order });
      const { gradients } = learner.metaGradient(
        createObjective(model),
        { ...params, ...prefixed(given) },
        episodes,
        { optimizer: sgd({ learningRate: 1 }).init(params) },
      );
      const { grad_theta, grad_lr, tolerance } = expected;
      expectGolden(golden, grad_theta, modelParams(gradients), recommended(tolerance.grad_theta));
      const wanted = rates === "element" ? (grad_lr as Stored) : inlined(grad_lr as never);
      const got = withoutPrefix(learnerParams(gradients));
      expectGolden(golden, wanted, got, recommended(tolerance.grad_lr));
    });
  });
});

/** Inline, or by the closed formula of the golden file. */
function elementRates(params: Params, { elementwise_lr }: File["meta_sgd"]): Params {
  if (!("alpha" in elementwise_lr)) return toTensors(elementwise_lr);
  const alpha = Number(elementwise_lr.alpha);
  const rate = (i: number, j: number) => alpha * (1 + 0.5 * Math.sin(0.8 * i + 0.6 * j + 0.5));
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, size }], j) => [
      name,
      tf.tensor(
        Float32Array.from({ length: size }, (_, i) => rate(i, j)),
        shape,
      ),
    ]),
  );
}

function scalars(values: Record<string, number>): Params {
  return toTensors(inlined(values));
}

function inlined(values: Record<string, number>): Record<string, InlineTensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [shortName(name), { shape: [], data: [value] }]),
  );
}

const prefix = "learner.rate.";

function prefixed(rates: Params): Params {
  return Object.fromEntries(Object.entries(rates).map(([name, rate]) => [prefix + name, rate]));
}

function withoutPrefix(rates: Params): Params {
  return Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [name.slice(prefix.length), rate]),
  );
}
