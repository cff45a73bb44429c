import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { MetaError } from "../errors.js";
import { isLearnerName, learnerParams, modelParams } from "../metaParams.js";
import type { Model } from "../model.js";
import type { MetaState, OptimizerState } from "../optimizer.js";
import type { Params } from "../params.js";
import type { SamplerState } from "../task.js";
import { writeAtomically, writeTextAtomically } from "./files.js";
import { requireFinite } from "./requireFinite.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";

/** Everything that a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Meta-updates made. */
  readonly update: number;
  /** The model's and, after them, the learner's. */
  readonly params: Params;
  readonly state: MetaState;
  readonly sampler: SamplerState;
}

const counts = z.strictObject({ step: z.int(), update: z.int() });

const trainingSchema = z.strictObject({
  format: z.literal(1),
  update: z.int(),
  optimizer: counts,
  inner: counts.optional(),
  sampler: z.record(z.string(), z.number()),
});

/**
 * Writes a checkpoint as one directory, atomically: `model/` in the model's own format, which other
 * tools can open, the optimizer's moments and the learner's own tensors, and the counters.
 */
export async function saveCheckpoint(
  directory: string,
  model: Model,
  { update, params, state, sampler }: Checkpoint,
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
    };
    await writeTextAtomically(join(temporary, "training.json"), JSON.stringify(training, null, 2));
  });
}

/**
 * Reads a checkpoint. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`
 */
export async function loadCheckpoint(directory: string, model: Model): Promise<Checkpoint> {
  const file = join(directory, "training.json");
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new MetaError("MISSING_FILE", `There is no checkpoint in ${directory}.`, { cause });
  });
  let training: z.output<typeof trainingSchema>;
  try {
    training = trainingSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${file} is not a checkpoint's record.`, { cause });
  }
  const tensors = await readSafetensors(join(directory, "optimizer.safetensors"));
  const { optimizer, inner, update, sampler } = training;
  return {
    update,
    sampler,
    params: { ...(await loadParams(model, join(directory, "model"))), ...learnerParams(tensors) },
    state: {
      optimizer: { ...optimizer, slots: unflatten("optimizer", tensors) },
      ...(inner && { inner: { ...inner, slots: unflatten("inner", tensors) } }),
    },
  };
}

/** Writes parameters in the model's own format, or as `model.safetensors`. */
export async function saveParams(model: Model, params: Params, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await (model.save?.(params, directory) ??
    writeSafetensors(join(directory, "model.safetensors"), params));
}

/**
 * Reads what {@link saveParams} wrote. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`, the latter also for values that are no numbers
 */
export async function loadParams(model: Model, directory: string): Promise<Params> {
  const reading = model.load?.(directory) ?? readSafetensors(join(directory, "model.safetensors"));
  const params = await reading;
  requireFinite(params, directory);
  return params;
}

/**
 * Reads a folder that {@link saveParams} wrote, and where it is part of a checkpoint, what the learner
 * has learned of its own as well. The caller owns the tensors.
 */
export async function loadTrainedParams(model: Model, directory: string): Promise<Params> {
  const params = await loadParams(model, directory);
  const beside = join(dirname(directory), "optimizer.safetensors");
  if (!existsSync(beside)) return params;
  return { ...params, ...(await readSafetensors(beside, isLearnerName)) };
}

/** Checkpoints of a folder, oldest first: the directories that {@link checkpointName} names. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^\d{8}$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The directory name of the checkpoint after `update` meta-updates; names sort by age. */
export function checkpointName(update: number): string {
  return String(update).padStart(8, "0");
}

/** Deletes all checkpoints of a folder but the newest `keep`, and what killed writes left behind. */
export async function pruneCheckpoints(folder: string, keep: number): Promise<void> {
  const old = (await listCheckpoints(folder)).slice(0, -keep);
  const halves = (await readdir(folder)).filter((name) => name.endsWith(".tmp"));
  const dropped = [...old, ...halves.map((name) => join(folder, name))];
  await Promise.all(dropped.map((path) => rm(path, { recursive: true, force: true })));
}

/** Slots as one flat record: `optimizer/m/wte.weight`. */
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
