import type {
  Episode,
  EpisodeShape,
  SamplerOptions,
  TaskSampler,
  TokenBatch,
} from "@metalearn/core";
import { type CrossfitOptions, crossfit } from "../../src/index.js";
import { batchTexts, letterTokenizer } from "./letters.js";

/** An episode as text: what each sequence says. */
export interface EpisodeTexts {
  readonly tasks: readonly string[];
  readonly support: readonly (readonly string[])[];
  readonly query: readonly string[];
}

/** A sampler over a data root's setting `s`, reading letters. */
export async function samplerOf(
  root: string,
  {
    seed = 1,
    batchSize = 1,
    paddedLengths,
    ...options
  }: Partial<CrossfitOptions & SamplerOptions> = {},
): Promise<TaskSampler<TokenBatch>> {
  const tasks = await crossfit({
    root,
    setting: "s",
    tokenizer: letterTokenizer,
    style: "space",
    shots: 0,
    cache: false,
    ...options,
  });
  return tasks.sampler({ seed, batchSize, ...(paddedLengths && { paddedLengths }) });
}

/** The episodes of one meta-update as text; their tensors are freed. */
export function readEpisodes(
  sampler: TaskSampler<TokenBatch>,
  shape: Partial<EpisodeShape> = {},
): EpisodeTexts[] {
  const plain: EpisodeShape = {
    tasks: 1,
    support: 0,
    query: 1,
    querySource: "same-task",
    unit: "mixture",
  };
  return sampler.next({ ...plain, ...shape }).map((episode) => {
    const texts = {
      tasks: episode.tasks,
      support: episode.support.map(batchTexts),
      query: batchTexts(episode.query),
    };
    dispose(episode);
    return texts;
  });
}

/** The rows that sequences end in, without their demonstrations: `a7` of `a3 x a7 y`. */
export function rowsIn(sequences: readonly string[]): string[] {
  return sequences.map((sequence) => sequence.split(" ").at(-2) ?? "");
}

function dispose({ support, query }: Episode<TokenBatch>): void {
  for (const batch of [...support, query]) {
    for (const tensor of Object.values(batch)) tensor.dispose();
  }
}
