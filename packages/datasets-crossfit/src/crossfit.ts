import { relative, sep } from "node:path";
import {
  MetaError,
  parseOptions,
  samplerOptions,
  type TargetTask,
  type TaskSource,
  type TokenBatch,
  unknownName,
} from "@metalearn/core";
import { checkData } from "./check/checkData.js";
import { readSetting, readTaskType, type Setting } from "./data/settings.js";
import { shortList } from "./data/shortList.js";
import { findTargetFiles } from "./evaluate/targetFiles.js";
import { type CheckedTarget, targetTask } from "./evaluate/targetTask.js";
import { type CompleteOptions, type CrossfitOptions, crossfitInCode } from "./options.js";
import { type ExampleEncoder, exampleEncoder } from "./prompt/exampleEncoder.js";
import { tokenLimits } from "./prompt/tokenLimits.js";
import { encoderFingerprint } from "./tokens/encoderFingerprint.js";
import { tokenCache } from "./tokens/tokenCache.js";
import { openTraining } from "./train/openTraining.js";
import { sampleLengths } from "./train/sampleLengths.js";
import { trainingSampler } from "./train/sampler.js";
import { readTrainingData } from "./train/trainingData.js";
import type { TrainingTask } from "./train/trainingTask.js";

/**
 * Tasks in MetaICL's format (CrossFit tasks and others): in-context sequences to meta-train on and questions
 * to evaluate on.
 *
 * All files are read and checked here, so that no error in them appears after training. Only a missing
 * meta-training file is not an error until a sampler is requested.
 *
 * @example
 * const tasks = await crossfit({ root: "data", setting: "hr_to_lr", tokenizer: model.tokenizer });
 * const sampler = tasks.sampler({ seed: 100, batchSize: 8 });
 * @throws MetaError `BAD_OPTION`; `UNKNOWN_NAME` for a setting or target; `MISSING_FILE`; `BAD_DATA`, naming
 *   file and line
 *
 * Source: Min et al. 2022, sections 3 and 4, and their published code.
 */
export async function crossfit(
  given: CrossfitOptions,
): Promise<TaskSource<TokenBatch, TargetTask>> {
  const parsed = parseOptions(crossfitInCode, given);
  const options: CompleteOptions = { ...parsed, ...tokenLimits(parsed) };
  const { root, tokenizer, maxExampleTokens, shots, maxTokens } = options;
  const setting = await readSetting(root, options.setting);
  reportOverlap(setting, options.notify);
  checkNames(setting, options.metrics);
  checkNames(setting, options.maxTestExamples);
  const encoding = { tokenizer, format: options, template: options.template, maxExampleTokens };
  const encoder = exampleEncoder(encoding);
  const cache = options.cache
    ? tokenCache({ fingerprint: encoderFingerprint(encoder, encoding), notify: options.notify })
    : undefined;
  const isDev = (task: string) => options.devTasks.includes(task);
  const train = setting.train.filter((task) => !isDev(task));
  const training = await readTrainingData(root, train, { ...options, cache });
  const hashes = { ...training.hashes };
  const openTargets = async (tasks: readonly string[]) => {
    const targets: CheckedTarget[] = [];
    for (const task of tasks) {
      const target = await openTarget(task, { setting, encoder, options });
      Object.assign(hashes, await target.check());
      targets.push(target);
    }
    return targets;
  };
  const chosen = chooseTargets(setting, options.targets);
  const targets = await openTargets(chosen.filter((task) => !isDev(task)));
  const devTargets = await openTargets(options.devTasks);

  let trainingTasks: readonly TrainingTask[] | undefined;
  /** Training tasks that samplers build sequences from; opened once, so that they share the tokens. */
  const sequences = () => {
    trainingTasks ??= openTraining(training, { setting, encoder, options, cache });
    return {
      tasks: trainingTasks,
      shots,
      demonstrations: options.demonstrations,
      taskSampling: options.taskSampling,
      temperature: options.temperature,
      distinctTasks: options.distinctTasks,
      maxTokens: shots === 0 ? maxExampleTokens : maxTokens,
    };
  };
  return {
    name: `crossfit/${setting.name}`,
    trainingTasks: train,
    targets,
    devTargets,
    fingerprints: Object.fromEntries(
      Object.entries(hashes).map(([path, hash]) => [relativeName(root, path), hash]),
    ),
    sampler(given) {
      const { seed, batchSize, paddedLengths } = parseOptions(samplerOptions, given);
      return trainingSampler({ ...sequences(), seed, batchSize, paddedLengths });
    },
    trainingLengths: () => sampleLengths(sequences()),
    check: () =>
      checkData({ setting, targets: targets.map(({ name }) => name), options, encoding }),
  };
}

interface Parts {
  readonly setting: Setting;
  readonly encoder: ExampleEncoder;
  readonly options: CompleteOptions;
}

async function openTarget(
  task: string,
  { setting, encoder, options }: Parts,
): Promise<CheckedTarget> {
  const { root, shots, maxTokens, maxExampleTokens } = options;
  const { demonstrations, demonstrationLabels, freeFormCandidates } = options;
  return targetTask({
    files: await findTargetFiles(root, task, shots),
    demonstrations,
    demonstrationLabels,
    freeFormCandidates,
    metric: valueFor(task, options.metrics),
    ...(options.targetLabels === "random-words" && { wordSeed: options.dataSeed }),
    taskType: await readTaskType(root, task),
    unseenDomain: setting.unseenDomainTest.includes(task),
    encoder,
    shots,
    maxTestExamples: valueFor(task, options.maxTestExamples),
    maxTokens: Math.min(maxExampleTokens * Math.max(shots, 1), maxTokens),
  });
}

/** A value for all targets, or values by their names, where `*` stands for all others. */
type ByTarget<T> = T | { readonly [task: string]: T } | undefined;

function valueFor<T extends string | number>(task: string, value: ByTarget<T>): T | undefined {
  if (typeof value !== "object") return value;
  return value[task] ?? value["*"];
}

/** @throws MetaError `UNKNOWN_NAME` for a value of a task that is not a target */
function checkNames({ name, test }: Setting, value: ByTarget<string | number>): void {
  if (typeof value !== "object") return;
  const stranger = Object.keys(value).find((task) => task !== "*" && !test.includes(task));
  if (stranger !== undefined) throw unknownName(`target of ${name}`, stranger, test);
}

function chooseTargets(
  { name, test, unseenDomainTest }: Setting,
  targets: CompleteOptions["targets"],
): readonly string[] {
  if (targets === "all") return test;
  if (targets === "unseen") {
    if (unseenDomainTest.length > 0) return unseenDomainTest;
    throw new MetaError("BAD_OPTION", `The setting ${name} has no targets of an unseen domain.`);
  }
  for (const target of targets) {
    if (!test.includes(target)) throw unknownName(`target of ${name}`, target, test);
  }
  return targets;
}

/**
 * Some published settings train on a task that they also test on. This is reported, and the setting is left
 * as it is.
 */
function reportOverlap({ name, train, test }: Setting, notify: (message: string) => void): void {
  const both = train.filter((task) => test.includes(task));
  if (both.length > 0) {
    notify(`The setting ${name} has ${shortList(both)} among its training tasks and its targets.`);
  }
}

function relativeName(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
