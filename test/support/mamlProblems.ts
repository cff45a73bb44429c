import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Batch, Episode, LanguageModel, Model, OptimizerState, Params } from "@metalearn/core";
import { sharedMoments } from "./formulas.js";
import {
  type Golden,
  type GoldenSource,
  type InlineTensor,
  readGolden,
  toTensors,
} from "./golden.js";
import { mlp } from "./mlp.js";
import { batchOf, openTinyModel, type StoredBatch, tinyParams } from "./tiny.js";
import { openTinyLlama, tinyLlamaParams, tinyLlamas } from "./tinyLlamas.js";

/** What the golden files of the folder `maml` are computed on; `F` is what else they hold. */
export interface Problem<F> {
  readonly golden: Golden<F>;
  readonly model: Model;
  readonly params: Params;
  readonly episodes: Episode[];
  /** Moments after seven steps. */
  readonly warm: OptimizerState;
}

const gpt2File = "maml/gpt2_tiny.json";
const sinusoidFile = (activation: "relu" | "tanh") => `maml/sinusoid_mlp_${activation}.json`;

/** A problem, its file, and what opens it. */
interface NamedProblem {
  readonly name: string;
  readonly file: string;
  open<F>(source: GoldenSource): Promise<Problem<F>>;
}

/** The problems of the folder `maml`. */
export const problems: readonly NamedProblem[] = [
  { name: "gpt2-tiny", file: gpt2File, open: gpt2Tiny },
  ...(["relu", "tanh"] as const).map((activation) => ({
    name: `sinusoid ${activation}`,
    file: sinusoidFile(activation),
    open: <F>(source: GoldenSource) => sinusoid<F>(source, activation),
  })),
];

/** The small models of Llama's family of which a source has meta-gradients. */
export function llamaProblems(source: GoldenSource): NamedProblem[] {
  return tinyLlamas
    .filter((tiny) => tiny.source === source)
    .map((tiny) => ({ ...tiny, file: join(tiny.folder, "maml.json") }))
    .filter(({ file }) => existsSync(join(source.folder, file)))
    .map(({ file, ...tiny }) => ({
      name: tiny.folder,
      file,
      open: async <F>() =>
        onTokens<F>(source, file, await openTinyLlama(tiny), await tinyLlamaParams(tiny)),
    }));
}

/** The small GPT-2 of the golden files. */
export async function gpt2Tiny<F>(source: GoldenSource): Promise<Problem<F>> {
  return onTokens(source, gpt2File, openTinyModel(source), await tinyParams(source));
}

/** A language model on the tasks of a file. */
async function onTokens<F>(
  source: GoldenSource,
  file: string,
  model: LanguageModel,
  params: Params,
): Promise<Problem<F>> {
  const golden = await readGolden<F & { tasks: Record<"support" | "query", StoredBatch>[] }>(
    source,
    file,
  );
  const episodes = golden.json.tasks.map(({ support, query }) =>
    episodeOf(batchOf(support), batchOf(query)),
  );
  return { golden, model, params, episodes, warm: sharedMoments(params) };
}

/** Regression of sine waves with a network of one hidden layer. */
async function sinusoid<F>(source: GoldenSource, activation: "relu" | "tanh"): Promise<Problem<F>> {
  type Points = Record<"x" | "y", InlineTensor>;
  const golden = await readGolden<
    F & {
      problem: {
        params: Record<string, InlineTensor>;
        tasks: Record<"support" | "query", Points>[];
      };
      shared_state: Record<"m" | "v", Record<string, InlineTensor>> & { t: number };
    }
  >(source, sinusoidFile(activation));
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
