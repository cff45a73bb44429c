import * as tf from "@tensorflow/tfjs";
import { differenceOfGradients } from "../autodiff/gradients.js";
import { type Observed, observing } from "../autodiff/tape/observed.js";
import { unitDirection } from "../autodiff/unitDirection.js";
import type { Batch } from "../batch/batch.js";
import type { Objective } from "../contracts/objective.js";
import { MetaError } from "../errors.js";
import type { ObjectiveOptions } from "../objective/createObjective.js";
import { filterParams, globalNorm, mapParams, type Params } from "../params.js";

/** Options of `checkedAtFirst`. */
export interface SecondOrderCheckOptions {
  /**
   * True to always compare the first Hessian-vector product with a finite difference of gradients, false to never do
   * so. See docs/second-order.md.
   *
   * @default compares if the loss uses operations whose second derivative is not known to be right
   */
  readonly checkSecondOrder?: boolean | undefined;
}

/** Maximum distance of a product from finite differences, relative to the larger of both. */
const tolerance = 0.01;

/**
 * Step sizes of finite differences, as fractions of the norm of the parameters. The first is the best in most models:
 * rounding spoils smaller steps, curvature larger ones.
 */
const stepSizes = [1e-3, 3e-3, 3e-4, 1e-2];

/**
 * Wraps an objective so that its first Hessian-vector product is compared with a finite difference of gradients, in a
 * random direction: if the loss has operations whose second derivative is not known to be right, such as a
 * `tf.customGrad` of its author, or always, depending on the options.
 *
 * The check takes the time of one product and two gradients, or of eight gradients if the first difference does not
 * agree. A difference counts only if differences with other steps are closer to it than the product is. Where
 * gradients jump, as those of a ReLU do, differences see the jumps and products do not: then a warning replaces the
 * error.
 *
 * @throws MetaError `WRONG_DERIVATIVE`, from the function that computes the product
 */
export function checkedAtFirst<B extends Batch>(
  objective: Objective<B>,
  { checkSecondOrder, hvp }: SecondOrderCheckOptions & Pick<ObjectiveOptions, "hvp">,
): Objective<B> {
  if (checkSecondOrder === false || hvp === "finite-difference") return objective;
  let isDue = true;
  const check = (
    { unproven, hasKinks }: Observed,
    params: Params,
    batch: B,
    product: (direction: Params) => Params,
    names: readonly string[],
  ): void => {
    if (!isDue) return;
    isDue = false;
    if (unproven.size === 0 && !checkSecondOrder) return;
    const error = tf.tidy(() => {
      const direction = unitDirection(
        filterParams(params, (name) => names.includes(name)),
        1,
      );
      const gradient = (at: Params) => objective.gradient(at, batch).gradients;
      return errorOf(product(direction), (step) =>
        differenceOfGradients(gradient, params, direction, step),
      );
    });
    if (error === undefined) return;
    const message = describe(error, [...unproven]);
    if (!hasKinks) throw new MetaError("WRONG_DERIVATIVE", message);
    process.emitWarning(
      `${message} Its gradient jumps, as that of a ReLU does, so that the difference may be in error.`,
    );
  };
  return {
    ...objective,
    hvp(params, batch, vector) {
      if (!isDue) return objective.hvp(params, batch, vector);
      const { result, observed } = observing(() => objective.hvp(params, batch, vector));
      const product = (direction: Params) => objective.hvp(params, batch, direction);
      check(observed, params, batch, product, Object.keys(vector));
      return result;
    },
    linearize(params, batch, names) {
      if (!isDue) return objective.linearize(params, batch, names);
      const { result, observed } = observing(() => objective.linearize(params, batch, names));
      return {
        ...result,
        hvp(vector) {
          const later = observing(() => result.hvp(vector));
          const both = {
            unproven: new Set([...observed.unproven, ...later.observed.unproven]),
            hasKinks: observed.hasKinks || later.observed.hasKinks,
          };
          check(both, params, batch, result.hvp, Object.keys(vector));
          return later.result;
        },
      };
    },
  };
}

/**
 * Distance of a product from differences, relative to the larger; undefined if a difference is close to the product,
 * or if differences are no closer to each other than to the product.
 */
function errorOf(product: Params, difference: (stepSize: number) => Params): number | undefined {
  const differences: Params[] = [];
  const errors: number[] = [];
  const spreads: number[] = [];
  for (const stepSize of stepSizes) {
    const found = difference(stepSize);
    const error = distance(product, found);
    if (error <= tolerance) return undefined;
    errors.push(error);
    spreads.push(...differences.map((other) => distance(found, other)));
    differences.push(found);
  }
  const error = Math.min(...errors);
  return error > tolerance + 3 * Math.min(...spreads) ? error : undefined;
}

/** The norm of `a - b` over the larger of the norms of `a` and `b`. */
function distance(a: Params, b: Params): number {
  return tf.tidy(() => {
    const gap = globalNorm(mapParams((x, y) => tf.sub(x, y), a, b));
    const size = tf.maximum(globalNorm(a), globalNorm(b));
    return Number(tf.divNoNan(gap, size).dataSync()[0]);
  });
}

function describe(error: number, unproven: readonly string[]): string {
  const cause =
    unproven.length === 0
      ? ""
      : ` It uses ${unproven.join(", ")}, whose second derivative is only right if its gradient is computed by operations of TensorFlow.js from the inputs, the output, or tensors that were saved.`;
  const percent = (100 * error).toPrecision(2);
  return `At the first meta-update a Hessian-vector product of the model's loss is ${percent} % off a finite difference of its gradients.${cause} Take order: 1, or hvp: "finite-difference" (train.hvp in a config), until it is mended; checkSecondOrder: false trains with it as it is.`;
}
