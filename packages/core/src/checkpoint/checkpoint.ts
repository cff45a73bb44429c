import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { isLearnerName, learnerParams, modelParams } from "../contracts/learnerParams.js";
import type { Model, SaveOptions } from "../contracts/model.js";
import type { MetaState, OptimizerState } from "../contracts/optimizer.js";
import type { SamplerState } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { verifyChecksums, writeChecksums } from "./checksums.js";
import {
  removeAtomically,
  removeLeftovers,
  writeAtomically,
  writeTextAtomically,
} from "./files.js";
import { requireFinite } from "./requireFinite.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

/** State of a run, complete enough to resume it bit for bit. */
export interface Checkpoint {
  /** Number of meta-updates made. */
  readonly update: number;
  /** Model parameters, followed by learner parameters. */
  readonly params: Params;
  readonly state: MetaState;
  readonly sampler: SamplerState;
  /** State of the run that wrote it, if a run did. */
  readonly run?: CheckpointedRun;
}

/** Score on dev targets. */
export interface Validation {
  /** Meta-update after which it was measured. */
  readonly update: number;
  /** Macro-average over dev targets; higher is better. */
  readonly score: number;
}

/** State of a run in its checkpoints, other than tensors. */
export interface CheckpointedRun {
  /** Config of the run, in full. */
  readonly config: Readonly<Record<string, unknown>>;
  /** True if training has ended. */
  readonly finished: boolean;
  /** Best validation so far (ties: the earliest), and the number of validations since. */
  readonly best?: Validation & { readonly since: number };
  /** True if the run was interrupted before the validation due after this update. */
  readonly awaitsValidation?: boolean;
}

const counts = z.strictObject({ step: z.int(), update: z.int() });

const trainingSchema = z.strictObject({
  format: z.literal(1),
  update: z.int(),
  optimizer: counts,
  inner: counts.optional(),
  sampler: z.record(z.string(), z.number()),
  run: z
    .strictObject({
      config: z.record(z.string(), z.unknown()),
      finished: z.boolean(),
      best: z.strictObject({ update: z.int(), score: z.number(), since: z.int() }).optional(),
      awaitsValidation: z.boolean().optional(),
    })
    .optional(),
});

/**
 * Writes a checkpoint directory atomically: `model/` in the model's own format, which other tools open,
 * optimizer state, learner parameters, counters, and checksums of all files.
 *
 * @throws MetaError `DISK_FULL`
 */
export async function saveCheckpoint(
  directory: string,
  model: Model,
  { update, params, state, sampler, run }: Checkpoint,
): Promise<void> {
  await writeAtomically(directory, async (temporary) => {
    await mkdir(temporary);
    await saveParams(model, modelParams(params), join(temporary, "model"));
    const tensors = {
      ...flatten("optimizer", state.optimizer),
      ...(state.inner && flatten("inner", state.inner)),
      ...learnerParams(params),
    };
    await writeSafetensors(join(temporary, "optimizer.safetensors"), tensors);
    const training: z.input<typeof trainingSchema> = {
      format: 1,
      update,
      optimizer: { step: state.optimizer.step, update: state.optimizer.update },
      ...(state.inner && { inner: { step: state.inner.step, update: state.inner.update } }),
      sampler: { ...sampler },
      ...(run && { run }),
    };
    await writeTextAtomically(join(temporary, "training.json"), JSON.stringify(training, null, 2));
    await writeChecksums(temporary);
  });
}

/**
 * Reads a checkpoint. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`
 */
export async function loadCheckpoint(directory: string, model: Model): Promise<Checkpoint> {
  if (!existsSync(directory)) {
    throw new MetaError("MISSING_FILE", `There is no checkpoint ${directory}.`);
  }
  await verifyChecksums(directory);
  const training = await readTraining(directory);
  const tensors = await readSafetensors(join(directory, "optimizer.safetensors"));
  const { optimizer, inner, update, sampler, run } = training;
  return {
    update,
    sampler,
    ...(run && { run }),
    params: { ...(await loadParams(model, join(directory, "model"))), ...learnerParams(tensors) },
    state: {
      optimizer: { ...optimizer, slots: unflatten("optimizer", tensors) },
      ...(inner && { inner: { ...inner, slots: unflatten("inner", tensors) } }),
    },
  };
}

/** Reads the run state of a checkpoint, if a run wrote it. @throws MetaError `BAD_CHECKPOINT` */
export async function readCheckpointedRun(directory: string): Promise<CheckpointedRun | undefined> {
  return existsSync(join(directory, "training.json"))
    ? (await readTraining(directory)).run
    : undefined;
}

async function readTraining(directory: string): Promise<z.output<typeof trainingSchema>> {
  const file = join(directory, "training.json");
  try {
    return trainingSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${file} is not a checkpoint's record.`, { cause });
  }
}

/** Writes parameters in the model's own format, or as `model.safetensors`. */
export async function saveParams(
  model: Model,
  params: Params,
  directory: string,
  options: SaveOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await (model.save?.(params, directory, options) ??
    writeSafetensors(join(directory, "model.safetensors"), params, {}, options));
}

/**
 * Reads what {@link saveParams} wrote. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT`, also for NaN or infinite values
 */
export async function loadParams(model: Model, directory: string): Promise<Params> {
  const reading = model.load?.(directory) ?? readSafetensors(join(directory, "model.safetensors"));
  const params = await reading;
  requireFinite(params, directory);
  return params;
}

/**
 * Reads a folder that {@link saveParams} wrote, and, if it is part of a checkpoint, the learner parameters as
 * well. The caller owns the tensors.
 *
 * @throws MetaError `BAD_CHECKPOINT` for a checkpoint that is damaged
 */
export async function loadTrainedParams(model: Model, directory: string): Promise<Params> {
  const checkpoint = dirname(directory);
  const beside = join(checkpoint, "optimizer.safetensors");
  if (!existsSync(beside)) return loadParams(model, directory);
  await verifyChecksums(checkpoint);
  const params = await loadParams(model, directory);
  const learned = await readSafetensors(beside, isLearnerName);
  requireFinite(learned, beside);
  return { ...params, ...learned };
}

/** Lists the checkpoints of a folder, oldest first: directories named by {@link checkpointName}. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^\d{8}$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Directory name of the checkpoint after `update` meta-updates; names sort by age. */
export function checkpointName(update: number): string {
  return String(update).padStart(8, "0");
}

/**
 * Deletes all checkpoints of a folder except the newest `keep`, and leftovers of killed writes.
 *
 * @param best update of one more checkpoint to keep
 */
export async function pruneCheckpoints(folder: string, keep: number, best?: number): Promise<void> {
  const kept = best === undefined ? undefined : join(folder, checkpointName(best));
  const old = (await listCheckpoints(folder)).slice(0, -keep).filter((path) => path !== kept);
  await Promise.all(old.map(removeAtomically));
  await removeLeftovers(folder);
}

/** Flattens slots into one record, with names such as `optimizer/m/wte.weight`. */
function flatten(prefix: string, { slots }: OptimizerState): Params {
  return Object.fromEntries(
    Object.entries(slots).flatMap(([slot, tensors]) =>
      Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${slot}/${name}`, tensor]),
    ),
  );
}

function unflatten(prefix: string, tensors: Params): OptimizerState["slots"] {
  const slots: Record<string, Record<string, tf.Tensor>> = {};
  for (const [path, tensor] of Object.entries(tensors)) {
    const [owner, slot, ...name] = path.split("/");
    if (owner !== prefix || slot === undefined) continue;
    slots[slot] ??= {};
    (slots[slot] as Record<string, tf.Tensor>)[name.join("/")] = tensor;
  }
  return slots;
}
