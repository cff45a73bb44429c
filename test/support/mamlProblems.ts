import type { Batch, Episode, Model, OptimizerState, Params } from "@metalearn/core";
import { type Golden, type InlineTensor, readGolden, toTensors } from "./golden.js";
import { mlp } from "./mlp.js";
import { sharedMoments } from "./moments.js";
import { batchOf, type StoredBatch, tinyModel, tinyParams } from "./tiny.js";

/** What the golden files of the folder `maml` are computed on; `F` is what else they hold. */
export interface Problem<F> {
  readonly golden: Golden<F>;
  readonly model: Model;
  readonly params: Params;
  readonly episodes: Episode[];
  /** Moments after seven steps. */
  readonly warm: OptimizerState;
}

/** The small GPT-2 of the golden files. */
export async function gpt2Tiny<F>(): Promise<Problem<F>> {
  const golden = await readGolden<
    F & { param_order: string[]; tasks: Record<"support" | "query", StoredBatch>[] }
  >("maml/gpt2_tiny.json");
  const params = await tinyParams(golden.json.param_order);
  const episodes = golden.json.tasks.map(({ support, query }) =>
    episodeOf(batchOf(support), batchOf(query)),
  );
  return { golden, model: tinyModel, params, episodes, warm: sharedMoments(params) };
}

/** Regression of sine waves with a network of one hidden layer. */
export async function sinusoid<F>(activation: "relu" | "tanh"): Promise<Problem<F>> {
  type Points = Record<"x" | "y", InlineTensor>;
  const golden = await readGolden<
    F & {
      problem: {
        params: Record<string, InlineTensor>;
        tasks: Record<"support" | "query", Points>[];
      };
      shared_state: Record<"m" | "v", Record<string, InlineTensor>> & { t: number };
    }
  >(`maml/sinusoid_mlp_${activation}.json`);
  const { problem, shared_state: shared } = golden.json;
  const model = mlp(activation, problem.params);
  return {
    golden,
    model,
    params: await model.init(0),
    episodes: problem.tasks.map(({ support, query }) =>
      episodeOf(toTensors(support) as Batch, toTensors(query) as Batch),
    ),
    warm: {
      step: shared.t,
      update: 0,
      slots: { m: toTensors(shared.m), v: toTensors(shared.v) },
    },
  };
}

function episodeOf<B extends Batch>(support: B, query: B): Episode<B> {
  return { tasks: [], support: [support], query };
}
