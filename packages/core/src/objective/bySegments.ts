import * as tf from "@tensorflow/tfjs";
import { differenceOfGradients } from "../autodiff/gradients.js";
import type { Batch } from "../batch/batch.js";
import type { Model, Segment } from "../contracts/model.js";
import type { Objective } from "../contracts/objective.js";
import { MetaError } from "../errors.js";
import { disposeParams, type Params, tensorNamed } from "../params.js";
import { tidy } from "../tidy.js";
import { linearized } from "./linearized.js";
import { type SegmentDerivatives, segmentDerivatives } from "./segmentDerivatives.js";

/**
 * Computes gradients and Hessian-vector products segment by segment (gradient checkpointing). Only the
 * states between segments are kept; the rest is recomputed on the backward pass, so that memory, without
 * parameters, is that of one segment. Segments that share `apply` are compiled once.
 *
 * A Hessian-vector product runs forward with the tangent of every state along the vector, and backward with
 * the gradient and its tangent. It is exact.
 *
 * Source: Chen et al. 2016, section 4 (recomputation); Pearlmutter 1994 (the product).
 *
 * @param whole objective of the whole model, which computes losses and compiles
 * @throws MetaError `BAD_OPTION` when the model has no segments
 */
export function inSegments<B extends Batch>(
  { segments }: Pick<Model<B>, "segments">,
  whole: Pick<Objective<B>, "loss" | "compile">,
  hvp: "exact" | "finite-difference",
): Objective<B> {
  if (!segments?.length) {
    throw new MetaError(
      "BAD_OPTION",
      "gradientCheckpointing needs a model that consists of segments, and this one, or with this adapter, does not. Leave it out; microBatch saves memory for every model.",
    );
  }
  const derivativesOf = compiledDerivatives<B>(whole.compile);
  const parts = segments.map((segment) => ({ segment, ...derivativesOf(segment.apply) }));
  /** Segments from the last one back to the first that reads a tensor for which `has` holds. */
  const backwards = (has: (name: string) => boolean) => {
    const first = segments.findIndex((segment) => localNames(segment, has).length > 0);
    return [...parts.keys()].slice(Math.max(first, 0)).reverse();
  };

  const gradient: Objective<B>["gradient"] = (params, batch, names = Object.keys(params)) =>
    tidy(() => {
      const states: Params[] = [{}];
      for (const [i, { segment, forward }] of parts.slice(0, -1).entries()) {
        states.push(forward({ params: read(segment, params), state: at(states, i) }, batch));
      }
      const wanted = new Set(names);
      const isWanted = (name: string) => wanted.has(name);
      const sum = summing();
      let weights: Params = { loss: tf.scalar(1) };
      let loss: tf.Scalar | undefined;
      for (const i of backwards(isWanted)) {
        const { segment, gradient } = at(parts, i);
        const input = { params: read(segment, params), state: at(states, i) };
        const found = gradient(input, weights, batch, localNames(segment, isWanted));
        loss ??= found.value;
        sum.add(segment, found.params);
        for (const used of [input.state, weights]) disposeParams(used);
        weights = found.state;
      }
      return { loss: loss as tf.Scalar, gradients: sum.of(names, params) };
    });

  const product: Objective<B>["hvp"] = (params, batch, vector) =>
    tidy(() => {
      const passed: { state: Params; tangent: Params }[] = [{ state: {}, tangent: {} }];
      for (const [i, { segment, tangent }] of parts.slice(0, -1).entries()) {
        const arrived = at(passed, i);
        const input = { params: read(segment, params), state: arrived.state };
        const direction = { params: read(segment, vector), state: arrived.tangent };
        passed.push(tangent(input, direction, batch));
      }
      const sum = summing();
      let weights: Params = { loss: tf.scalar(1) };
      let change: Params = { loss: tf.scalar(0) };
      for (const i of backwards((name) => name in params)) {
        const { segment, product } = at(parts, i);
        const { state, tangent } = at(passed, i);
        const input = { params: read(segment, params), state };
        const direction = { params: read(segment, vector), state: tangent };
        const found = product(input, direction, { weights, change }, batch);
        sum.add(segment, found.params);
        for (const used of [state, tangent, weights, change]) disposeParams(used);
        weights = found.gradient;
        change = found.state;
      }
      return sum.of(Object.keys(params), params);
    });

  const difference: Objective<B>["hvp"] = (params, batch, vector) =>
    differenceOfGradients((shifted) => gradient(shifted, batch).gradients, params, vector);

  const inSegments = { gradient, hvp: hvp === "exact" ? product : difference };
  return {
    loss: whole.loss,
    ...inSegments,
    // Nothing is cached for later products: that cache is the memory that segments save.
    linearize: (params, batch, names) => linearized(inSegments, params, batch, names),
    sharesWork: false,
    compile: whole.compile,
  };
}

function compiledDerivatives<B extends Batch>(compile: Objective<B>["compile"]) {
  const known = new Map<Segment<B>["apply"], SegmentDerivatives<B>>();
  return (apply: Segment<B>["apply"]): SegmentDerivatives<B> => {
    const found = known.get(apply);
    if (found) return found;
    const { forward, gradient, tangent, product } = segmentDerivatives(apply);
    const compiled = {
      forward: compile(forward, "segment"),
      gradient: compile(gradient, "segment gradient"),
      tangent: compile(tangent, "segment tangent"),
      product: compile(product, "segment product"),
    };
    known.set(apply, compiled);
    return compiled;
  };
}

/** Element of `list` at an index known to exist. */
function at<T>(list: readonly T[], i: number): T {
  return list[i] as T;
}

/** Names, within a segment, of the parameters whose model name passes `keep`. */
function localNames(
  { params }: Pick<Segment, "params">,
  keep: (name: string) => boolean,
): string[] {
  return Object.entries(params).flatMap(([local, name]) => (keep(name) ? [local] : []));
}

/** Tensors that a segment reads, under its own names. */
function read(segment: Pick<Segment, "params">, tensors: Params): Params {
  const names = localNames(segment, (name) => name in tensors);
  return Object.fromEntries(
    names.map((local) => [local, tensorNamed(tensors, segment.params[local] as string)]),
  );
}

/** Sums gradients of segments under the model's names: several segments may read one parameter. */
function summing() {
  const found: Record<string, tf.Tensor> = {};
  return {
    add(segment: Pick<Segment, "params">, more: Params): void {
      for (const [local, tensor] of Object.entries(more)) {
        const name = segment.params[local] as string;
        const before = found[name];
        found[name] = before ? tf.add(before, tensor) : tensor;
        if (before) tf.dispose([before, tensor]);
      }
    },
    /** Zeros where no segment reads a parameter. */
    of: (names: readonly string[], params: Params): Params =>
      Object.fromEntries(
        names.map((name) => [name, found[name] ?? tf.zerosLike(tensorNamed(params, name))]),
      ),
  };
}
