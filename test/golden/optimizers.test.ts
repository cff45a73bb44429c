import {
  createObjective,
  type FactoryContext,
  globalNorm,
  type Params,
  valueAndGradients,
} from "@metalearn/core";
import plugin, {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  type LearningRate,
  linearSchedule,
  type Optimizer,
  sgd,
} from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import {
  expectGolden,
  type Golden,
  type InlineTensor,
  readGolden,
  readGoldenJson,
  recommended,
  type StoredTensors,
  shortName,
  sourcesOf,
  type ToleranceBlock,
  toTensors,
} from "../support/golden.js";
import { batchOf, openTinyModel, type StoredBatch, tinyParams } from "../support/tiny.js";

interface Hyperparameters {
  readonly lr: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly betas?: [number, number];
  readonly eps?: number;
  readonly weight_decay?: number;
}

interface Group {
  readonly pattern: string;
  readonly lr?: number;
  readonly weight_decay?: number;
}

const files = {
  quadratic: "optimizers/quadratic.json",
  gpt2: "optimizers/gpt2_tiny_trajectories.json",
  schedules: "optimizers/schedule_and_clipping.json",
};

/** The legacy AdamW is that which transformers removed in version 5. */
const notOffered = /amsgrad|adafactor|legacy/;

/** MetaICL's list, whose second entry matches no GPT-2 name. */
const metaiclNoDecay = ["bias", "LayerNorm.weight"];

function optimizerOf(
  name: string,
  { lr, betas, eps, momentum, dampening, nesterov, weight_decay }: Hyperparameters,
  {
    learningRate = lr as LearningRate,
    noDecay = [] as string[],
    groups = [] as readonly Group[],
    rateOf = (lr: number): LearningRate => lr,
  } = {},
): Optimizer {
  const common = {
    learningRate,
    weightDecay: weight_decay,
    noDecay,
    groups: groups.map(({ pattern, lr, weight_decay }) => ({
      pattern: shortName(pattern),
      learningRate: lr === undefined ? undefined : rateOf(lr),
      weightDecay: weight_decay,
    })),
  };
  if (name.startsWith("sgd")) return sgd({ momentum, dampening, nesterov, ...common });
  const options = { beta1: betas?.[0], beta2: betas?.[1], epsilon: eps, ...common };
  return name === "adam" || name === "adam_l2" ? adam(options) : adamw(options);
}

describe.each(sourcesOf(files.quadratic))(
  `optimizers on ${bestEngine.name} equal PyTorch's ($name)`,
  (source) => {
    useEngine(bestEngine);

    const offered = (file: string) =>
      Object.keys(readGoldenJson<{ optimizers: object }>(source, file).optimizers).filter(
        (name) => !notOffered.test(name),
      );

    test.each(offered(files.quadratic))("on a quadratic: %s", async (name) => {
      interface File {
        problem: Record<"A" | "a" | "M" | "Y" | "w0" | "W0", InlineTensor>;
        optimizers: Record<
          string,
          {
            hyperparameters: Hyperparameters;
            groups?: Group[];
            tolerance: ToleranceBlock;
            steps: ({ loss: number } & Record<"w" | "W", InlineTensor>)[];
          }
        >;
      }
      const golden: Golden<File> = await readGolden(source, files.quadratic);
      const { A, a, M, Y, w0, W0 } = toTensors(golden.json.problem) as Record<string, tf.Tensor2D>;
      const { hyperparameters, groups, steps, tolerance } = golden.json.optimizers[
        name
      ] as File["optimizers"][string];
      const optimizer = optimizerOf(name, hyperparameters, { groups });
      // f(w, W) = (w - a)' A (w - a) / 2 + |W M - Y|^2 / 2
      const loss = ({ w, W }: Params) => {
        const d = tf.sub(w as tf.Tensor, a as tf.Tensor) as tf.Tensor1D;
        const quadratic = tf.sum(tf.mul(d, tf.dot(A as tf.Tensor2D, d)));
        const residual = tf.sub(tf.matMul(W as tf.Tensor2D, M as tf.Tensor2D), Y as tf.Tensor);
        return tf.mul(tf.add(quadratic, tf.sum(tf.square(residual))), 0.5) as tf.Scalar;
      };
      let params: Params = { w: w0 as tf.Tensor, W: W0 as tf.Tensor };
      let state = optimizer.init(params);
      for (const step of steps) {
        const { value, gradients } = valueAndGradients(loss, params);
        expect(Math.abs(Number(value.dataSync()[0]) / step.loss - 1)).toBeLessThan(2e-6);
        ({ params, state } = optimizer.update(gradients, state, params));
        expectGolden(golden, { w: step.w, W: step.W }, params, recommended(tolerance));
      }
    });

    test.each(offered(files.gpt2))("on GPT-2: %s", async (name) => {
      interface Trajectory {
        hyperparameters: Hyperparameters;
        clip_max_norm: number | null;
        schedule: { num_warmup_steps: number; num_training_steps: number } | null;
        parameter_groups: string | Group[];
        steps: { loss: number; grad_norm_before_clip: number; lr: number }[];
        params_after_5: StoredTensors;
        state_after_5: { exp_avg?: StoredTensors; exp_avg_sq?: StoredTensors };
        tolerance: Record<"params_without_key_bias" | "update_without_key_bias", ToleranceBlock> & {
          loss: { recommended_rel: number };
        };
      }
      interface File {
        batches: StoredBatch[];
        optimizers: Record<string, Trajectory>;
      }
      const tinyModel = openTinyModel(source);
      const golden: Golden<File> = await readGolden(source, files.gpt2);
      const run = golden.json.optimizers[name] as Trajectory;
      const { lr: peak } = run.hyperparameters;
      const { schedule, parameter_groups: groups } = run;
      const rateOf = (peak: number) =>
        schedule
          ? linearSchedule({
              peak,
              warmup: schedule.num_warmup_steps,
              total: schedule.num_training_steps,
            })
          : peak;
      const inner = optimizerOf(name, run.hyperparameters, {
        learningRate: rateOf(peak),
        noDecay: groups === "MetaICL no_decay" ? metaiclNoDecay : [],
        groups: typeof groups === "string" ? [] : groups,
        rateOf,
      });
      const optimizer = run.clip_max_norm
        ? chain(clipByGlobalNorm(run.clip_max_norm), inner)
        : inner;
      const objective = createObjective(tinyModel);
      const initial = await tinyParams(source);
      let params = initial;
      let state = optimizer.init(params);
      for (const [i, step] of run.steps.entries()) {
        const batch = batchOf(golden.json.batches[i] as StoredBatch);
        const { loss, gradients } = objective.gradient(params, batch);
        const [norm] = globalNorm(gradients).dataSync();
        expect(Math.abs(Number(loss.dataSync()[0]) / step.loss - 1)).toBeLessThanOrEqual(
          run.tolerance.loss.recommended_rel,
        );
        expect(Math.abs(Number(norm) / step.grad_norm_before_clip - 1)).toBeLessThan(1e-5);
        expect(optimizer.learningRate(state)).toBeCloseTo(step.lr, 12);
        ({ params, state } = optimizer.update(gradients, state, params));
      }
      const { tolerance } = run;
      const skipKeyBias = true;
      expectGolden(
        golden,
        run.params_after_5,
        params,
        recommended(tolerance.params_without_key_bias),
        { skipKeyBias },
      );
      expectGolden(
        golden,
        run.params_after_5,
        params,
        recommended(tolerance.update_without_key_bias),
        { skipKeyBias, minus: initial },
      );
      const moments = { rel_max: 2e-5, rel_l2: 2e-5, per_tensor_rel_l2: 1e-4 };
      const { exp_avg, exp_avg_sq } = run.state_after_5;
      if (exp_avg) expectGolden(golden, exp_avg, state.slots.m as Params, moments);
      if (exp_avg_sq) expectGolden(golden, exp_avg_sq, state.slots.v as Params, moments);
    });

    interface ScheduleFile {
      schedules: {
        num_warmup_steps: number;
        num_training_steps: number;
        base_lr: number;
        lr_used_at_step_0_based: number[];
      }[];
      constant_schedules?: {
        num_warmup_steps: number;
        base_lr: number;
        lr_used_at_step_0_based: number[];
      }[];
      clipping: {
        max_norm: number;
        grads: InlineTensor[];
        total_norm: number;
        clipped: InlineTensor[];
      }[];
      tolerance: { recommended_float32: { rel_max: number } };
    }

    test("the linear schedule with warm-up", () => {
      for (const stored of readGoldenJson<ScheduleFile>(source, files.schedules).schedules) {
        const schedule = linearSchedule({
          peak: stored.base_lr,
          warmup: stored.num_warmup_steps,
          total: stored.num_training_steps,
        });
        stored.lr_used_at_step_0_based.forEach((lr, update) => {
          expect(Math.abs(schedule(update) - lr)).toBeLessThanOrEqual(1e-12 * stored.base_lr);
        });
      }
    });

    const { constant_schedules } = readGoldenJson<ScheduleFile>(source, files.schedules);
    test.each(constant_schedules ?? [])(
      "a constant rate after a warm-up of $num_warmup_steps, as configs have it",
      async ({ num_warmup_steps, base_lr, lr_used_at_step_0_based }) => {
        const { options, create } = plugin.optimizers.sgd;
        const given = options.parse({ learningRate: base_lr, warmupUpdates: num_warmup_steps });
        const optimizer = await create(given, {} as FactoryContext);
        lr_used_at_step_0_based.forEach((lr, update) => {
          const rate = optimizer.learningRate({ step: update, update, slots: {} });
          expect(Math.abs(rate - lr)).toBeLessThanOrEqual(1e-12 * base_lr);
        });
      },
    );

    test("clipping by the global norm", async () => {
      const golden = await readGolden<ScheduleFile>(source, files.schedules);
      const named = (list: InlineTensor[]) =>
        Object.fromEntries(list.map((tensor, i) => [`g${i}`, tensor]));
      const { rel_max } = golden.json.tolerance.recommended_float32;
      for (const { max_norm, grads, clipped, total_norm } of golden.json.clipping) {
        const gradients = toTensors(named(grads));
        const [norm] = globalNorm(gradients).dataSync();
        expect(Math.abs(Number(norm) - total_norm)).toBeLessThanOrEqual(rel_max * total_norm);
        const zeros = toTensors(
          named(grads.map(({ shape, data }) => ({ shape, data: data.map(() => 0) }))),
        );
        const optimizer = chain(clipByGlobalNorm(max_norm));
        const { params } = optimizer.update(gradients, optimizer.init(zeros), zeros);
        expectGolden(golden, named(clipped), params, {
          rel_max,
          rel_l2: rel_max,
          per_tensor_rel_l2: rel_max,
        });
      }
    });
  },
);
