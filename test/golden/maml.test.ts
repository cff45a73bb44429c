import { anil, maml } from "@metalearn/algorithms-maml";
import { createObjective, type MetaOptimizer } from "@metalearn/core";
import { adamw, sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import {
  expectGolden,
  expectGoldenOrDirection,
  illConditionedReason,
  isIllConditioned,
  readGoldenJson,
  recommended,
  type Stored,
  shortName,
  sourcesOf,
  type ToleranceBlock,
} from "../support/golden.js";
import { gpt2Tiny, llamaProblems, problems } from "../support/mamlProblems.js";

interface Hyperparameters {
  readonly inner: "sgd" | "adamw";
  readonly K: number;
  readonly alpha?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly lr?: number;
  readonly betas?: [number, number];
  readonly eps?: number;
  readonly weight_decay?: number;
  readonly state?: "zero" | "shared";
  readonly adapted?: string[];
}

interface Result {
  readonly per_task: { readonly query_loss_after: number }[];
  readonly meta_grad: Stored;
  readonly tolerance: {
    readonly meta_grad: ToleranceBlock;
    readonly per_task_losses: { readonly recommended_rel: number };
  };
}

interface Variant {
  readonly hyperparameters: Hyperparameters;
  /** What the inner loop on the first task ends with; not stored for all. */
  readonly adapted_params_task0?: Stored;
  /** Of those; where it is not given, that of the meta-gradient. */
  readonly tolerance?: { readonly adapted_params_without_key_bias: ToleranceBlock };
  readonly second_order: Result;
  readonly first_order: Result;
}

interface File {
  readonly variants: Record<string, Variant>;
}

const untiedHead = "anil_untied_head_K2";
const sources = sourcesOf("maml/gpt2_tiny.json");

describe.each(sources)(`MAML on ${bestEngine.name} equals PyTorch ($name)`, (source) => {
  useEngine(bestEngine);

  describe.each([...problems, ...llamaProblems(source)])(
    "on $name",
    ({ file, open: openProblem }) => {
      const stored = readGoldenJson<File>(source, file).variants;
      // The untied head has a test of its own below.
      const variants = Object.keys(stored).filter((name) => name !== untiedHead);
      const illConditioned = variants.filter((name) =>
        isIllConditioned((stored[name] as Variant).second_order.tolerance.meta_grad),
      );

      /** The learner of a variant, and where it starts. */
      const open = async (name: string, order: 1 | 2) => {
        const { warm, ...problem } = await openProblem<File>(source);
        const variant = problem.golden.json.variants[name] as Variant;
        const { hyperparameters } = variant;
        const innerOptimizer = optimizerOf(hyperparameters);
        const startsWarm = hyperparameters.state === "shared";
        const learner = maml({
          innerOptimizer,
          innerSteps: hyperparameters.K,
          order,
          // In the golden files every task starts from the same given moments.
          moments: startsWarm ? "copy-last" : "reset",
          ...(hyperparameters.adapted && { adapt: hyperparameters.adapted.map(shortName) }),
        });
        const state = { optimizer: startsWarm ? warm : innerOptimizer.init(problem.params) };
        return { ...problem, variant, learner, state };
      };

      test("float32 is excused only where AdamW begins from zero with a small epsilon", () => {
        const others = illConditioned.filter((name) => {
          const { state, eps } = stored[name]?.hyperparameters ?? {};
          return state !== "zero" || eps !== 1e-8;
        });
        expect(others).toEqual([]);
      });

      for (const name of illConditioned) {
        test.skip(`${name} order 2, as closely as float32 can otherwise (${illConditionedReason})`);
      }

      describe.each(variants)("%s", (name) => {
        test("what the inner loop ends with", async ({ skip }) => {
          const { golden, model, params, episodes, variant, learner, state } = await open(name, 2);
          if (!variant.adapted_params_task0) return skip("not among the golden numbers");
          const support = episodes[0]?.support ?? [];
          const adapted = learner.adapt(createObjective(model), params, support, state);
          const block = variant.tolerance?.adapted_params_without_key_bias;
          const tolerance = recommended(block ?? variant.second_order.tolerance.meta_grad);
          const options = { skipKeyBias: block !== undefined };
          expectGolden(golden, variant.adapted_params_task0, adapted, tolerance, options);
        });

        test.each([2, 1] as const)("order %i", async (order) => {
          const { golden, model, params, episodes, variant, learner, state } = await open(
            name,
            order,
          );
          const expected = order === 2 ? variant.second_order : variant.first_order;
          const { gradients, loss } = learner.metaGradient(
            createObjective(model),
            params,
            episodes,
            state,
          );
          const wanted = expected.per_task.reduce((sum, task) => sum + task.query_loss_after, 0);
          expect(
            Math.abs(Number(loss.dataSync()[0]) / (wanted / episodes.length) - 1),
          ).toBeLessThanOrEqual(expected.tolerance.per_task_losses.recommended_rel);
          expectGoldenOrDirection(
            golden,
            expected.meta_grad,
            gradients,
            expected.tolerance.meta_grad,
          );
        });
      });
    },
  );
});

/** ANIL on a GPT-2 whose head, while it is adapted, is a copy of its embedding. */
describe.each(sources)("ANIL of an untied head equals PyTorch ($name)", (source) => {
  useEngine(bestEngine);

  test.each([2, 1] as const)("order %i", async (order) => {
    const { golden, model, params: tied, episodes } = await gpt2Tiny<File>(source);
    const { hyperparameters, ...results } = golden.json.variants[untiedHead] as Variant;
    const expected = order === 2 ? results.second_order : results.first_order;
    const untied: typeof model = {
      ...model,
      loss: ({ head, "wte.weight": embedding, ...others }, batch) => {
        // A model reads its embedding before its head.
        const reads = [embedding, head];
        const params = { ...others };
        Object.defineProperty(params, "wte.weight", { get: () => reads.shift() });
        const loss = model.loss(params, batch);
        expect(reads).toEqual([]);
        return loss;
      },
    };
    const params = { ...tied, head: tf.clone(tied["wte.weight"] as tf.Tensor) };
    const learner = anil({
      innerOptimizer: optimizerOf(hyperparameters),
      innerSteps: hyperparameters.K,
      order,
      head: ["head"],
    });
    const { gradients } = learner.metaGradient(createObjective(untied), params, episodes, {
      optimizer: optimizerOf(hyperparameters).init(params),
    });
    const { head, ...others } = gradients;
    // Where the copy is made, both uses are one tensor.
    const both = tf.add(others["wte.weight"] as tf.Tensor, head as tf.Tensor);
    const actual = { ...others, "wte.weight": both };
    expectGolden(golden, expected.meta_grad, actual, recommended(expected.tolerance.meta_grad));
  });
});

function optimizerOf({
  inner,
  alpha,
  momentum,
  nesterov,
  lr,
  betas,
  eps,
  weight_decay,
}: Hyperparameters): MetaOptimizer {
  if (inner === "sgd") return sgd({ learningRate: Number(alpha), momentum, nesterov });
  return adamw({
    learningRate: Number(lr),
    beta1: betas?.[0],
    beta2: betas?.[1],
    epsilon: eps,
    weightDecay: weight_decay,
  });
}
