import * as tf from "@tensorflow/tfjs";
import type { Learner, LearnerMetrics } from "../contracts/learner.js";
import { MetaError } from "../errors.js";

/** Letters, digits and what MLflow and TensorBoard accept in a name. */
const validName = /^[\w][\w .:/-]*$/;

/**
 * Values of a learner's metrics, by name.
 *
 * @throws MetaError `BAD_OPTION` for a name that trackers would refuse, or a value that is neither a number nor a
 *   scalar
 */
export function metricValues(
  { name: learner }: Pick<Learner, "name">,
  metrics: LearnerMetrics = {},
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => {
      if (!validName.test(name)) {
        throw new MetaError(
          "BAD_OPTION",
          `The learner ${learner} logs ${JSON.stringify(name)}: expected a name of letters, digits, spaces and _ . : / -, which begins with a letter, digit or _.`,
        );
      }
      return [name, numberOf(value, `The learner ${learner} logs "${name}"`)];
    }),
  );
}

function numberOf(value: unknown, where: string): number {
  if (typeof value === "number") return value;
  if (value instanceof tf.Tensor && value.size === 1) return Number(value.dataSync()[0]);
  const got = value instanceof tf.Tensor ? `a tensor of shape [${value.shape}]` : typeof value;
  throw new MetaError(
    "BAD_OPTION",
    `${where}: expected a number or a scalar tensor, got ${got}. Take a mean or a norm of it.`,
  );
}
