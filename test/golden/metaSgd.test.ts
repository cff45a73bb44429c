import { metaSgd } from "@metalearn/algorithms-maml";
import { createObjective, learnerParams, modelParams, type Params } from "@metalearn/core";
import { sgd } from "@metalearn/optimizers";
import { describe, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import { byFormula } from "../support/formulas.js";
import {
  expectGolden,
  type InlineTensor,
  readGoldenJson,
  recommended,
  type Stored,
  shortName,
  sourcesOf,
  type ToleranceBlock,
  toTensors,
} from "../support/golden.js";
import { problems } from "../support/mamlProblems.js";

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

/** `per_tensor_K2_order1`, for example. */
function parseName(name: string) {
  const [, rates, steps, order] = /^(elementwise|per_tensor)_K(\d)_order([12])$/.exec(name) ?? [];
  if (!rates) throw new Error(`no case of Meta-SGD is called ${name}`);
  return {
    rates: rates === "elementwise" ? ("element" as const) : ("tensor" as const),
    innerSteps: Number(steps),
    order: Number(order) as 1 | 2,
  };
}

describe.each(sourcesOf("maml/gpt2_tiny.json"))(
  `Meta-SGD on ${bestEngine.name} equals PyTorch ($name)`,
  (source) => {
    useEngine(bestEngine);

    describe.each(problems)("on $name", ({ file, open }) => {
      const names = Object.keys(readGoldenJson<File>(source, file).meta_sgd.cases);

      test.each(names)("%s", async (name) => {
        const { rates, innerSteps, order } = parseName(name);
        const { golden, model, params, episodes } = await open<File>(source);
        const { meta_sgd: stored } = golden.json;
        const expected = stored.cases[name] as File["meta_sgd"]["cases"][string];
        const given =
          rates === "element" ? elementRates(params, stored) : scalars(stored.per_tensor_lr);
        const learner = metaSgd({ rates, innerSteps, order });
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
  },
);

/** Inline, or by the closed formula of the golden file. */
function elementRates(params: Params, { elementwise_lr }: File["meta_sgd"]): Params {
  if (!("alpha" in elementwise_lr)) return toTensors(elementwise_lr);
  const alpha = Number(elementwise_lr.alpha);
  return byFormula(params, (i, j) => alpha * (1 + 0.5 * Math.sin(0.8 * i + 0.6 * j + 0.5)));
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
