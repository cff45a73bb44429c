import { isLanguageModel } from "../contracts/model.js";
import { compileSeconds } from "../contracts/runtime.js";
import type { EpisodeTarget, TargetTask } from "../contracts/task.js";
import { evaluate } from "../evaluate/evaluate.js";
import type { Params } from "../params.js";
import type { Run } from "../run/openRun.js";
import { trainingSampler } from "../run/trainingSampler.js";
import { type MetaUpdate, metaTensors, metaTrain } from "../train/metaTrain.js";
import { type EvaluationLoad, tokensOf } from "./evaluationLoad.js";
import type { TrainingLoad } from "./trainingLoad.js";

/** Maximum number of trial updates, and the number of updates without compilation to time. */
const [most, wanted] = [8, 2];

/** Number of questions to score. */
const sample = 16;

/**
 * Estimates the seconds of training, compiling excluded: times a few meta-updates and scales by tokens, or
 * by updates for models that read none.
 */
export async function measureTraining(
  run: Run,
  { params, load }: { params: Params; load: TrainingLoad },
): Promise<number> {
  const { model, runtime, training } = run;
  if (!training) return 0;
  const compiled = () => compileSeconds(runtime.compilations());
  let [before, last] = [compiled(), undefined as MetaUpdate | undefined];
  const all: Pick<MetaUpdate, "seconds" | "tokens">[] = [];
  const steady: typeof all = [];
  const meta = metaTrain({
    ...training,
    ...run.compute,
    checkSecondOrder: run.config.train.checkSecondOrder,
    model,
    sampler: trainingSampler({ ...run, training }).sampler,
    params,
    updates: Math.min(load.updates, most),
    runtime,
  });
  for await (const made of meta) {
    last = made;
    all.push(made);
    // The first update is slower even without compilation.
    if (made.update > 1 && compiled() === before) steady.push(made);
    before = compiled();
    if (steady.length === wanted) break;
  }
  if (last) release(last, params);
  const measured = steady.length > 0 ? steady : all;
  const seconds = measured.reduce((sum, made) => sum + made.seconds, 0);
  const tokens = measured.reduce((sum, made) => sum + made.tokens, 0);
  return tokens > 0 ? (seconds / tokens) * load.tokens : (seconds / measured.length) * load.updates;
}

/**
 * Estimates the seconds of evaluation, compiling excluded: times a few questions of the first target, or
 * its episodes under one seed, and scales to all.
 */
export async function measureEvaluation(
  { config, model, tasks, runtime, adaptation }: Run,
  { params, load }: { params: Params; load: EvaluationLoad },
): Promise<number> {
  const [target] = tasks.targets;
  const [seed] = config.evaluate.seeds;
  if (!target || seed === undefined) return 0;
  const { tokensPerBatch, maxNewTokens } = config.evaluate;
  const score = async (part: TargetTask | EpisodeTarget) => {
    const begun = performance.now();
    const targets = [part];
    await evaluate({
      ...{ model, params, targets, seeds: [seed], adaptation },
      ...{ tokensPerBatch, maxNewTokens, runtime },
    });
    return (performance.now() - begun) / 1000;
  };
  /** Time of a second run, when everything is compiled. */
  const timed = async (part: TargetTask | EpisodeTarget) => {
    await score(part);
    return score(part);
  };
  const rounds = load.targets * load.seeds;
  if (!("questions" in target)) return rounds * (await timed(target));
  const asked = await target.questions(seed);
  const shares = isLanguageModel(model) && model.trees !== undefined;
  const part = (count: number) => ({
    tokens: tokensOf(asked.slice(0, count), shares),
    target: { ...target, questions: async () => asked.slice(0, count) },
  });
  const some = part(sample);
  const seconds = await timed(some.target);
  if (!adaptation) return (seconds / some.tokens) * load.tokens;
  // Adapting costs the same for one question as for all.
  const one = part(1);
  const adapting = Math.min(seconds, await timed(one.target));
  const perToken = (seconds - adapting) / Math.max(1, some.tokens - one.tokens);
  return rounds * adapting + perToken * load.tokens;
}

/** Frees tensors that training made, but not its inputs. */
function release({ params, state }: MetaUpdate, given: Params): void {
  const kept = new Set(Object.values(given));
  for (const tensor of [...Object.values(params), ...metaTensors(state)]) {
    if (!kept.has(tensor)) tensor.dispose();
  }
}
