import * as tf from "@tensorflow/tfjs";
import { savesInputsOnly } from "./autodiff/tape/customGradients.js";
import { MetaError } from "./errors.js";

/**
 * Named tensors, like a PyTorch `state_dict`: a model's parameters, their gradients, an optimizer's moments.
 * Names are those of the checkpoint (`h.0.attn.c_attn.weight`), in the model's order.
 */
export type Params = Readonly<Record<string, tf.Tensor>>;

/** Returns the tensor called `name`. @throws MetaError `UNKNOWN_NAME` when there is none */
export function tensorNamed(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (!tensor) {
    throw new MetaError(
      "UNKNOWN_NAME",
      `Expected a tensor called "${name}", got ${Object.keys(params).length} others.`,
    );
  }
  return tensor;
}

/**
 * Applies `fn` to the tensors of the same name in each set. The result has the names and order of `first`.
 *
 * @example mapParams(tf.sub, adapted, initial)
 * @throws MetaError `UNKNOWN_NAME` when a name of `first` is missing in one of `others`
 */
export function mapParams(
  fn: (tensor: tf.Tensor, ...others: tf.Tensor[]) => tf.Tensor,
  first: Params,
  ...others: readonly Params[]
): Params {
  return Object.fromEntries(
    Object.entries(first).map(([name, tensor]) => [
      name,
      fn(tensor, ...others.map((other) => tensorNamed(other, name))),
    ]),
  );
}

/** Selects the tensors whose name passes `keep`. */
export function filterParams(params: Params, keep: (name: string) => boolean): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => keep(name)));
}

/** Makes zeros with the names and shapes of `params`. */
export function zerosLikeParams(params: Params): Params {
  return mapParams((tensor) => tf.zerosLike(tensor), params);
}

/** Adds several sets of tensors, name by name. @throws MetaError `BAD_OPTION` for an empty list */
export function addParams(list: readonly Params[]): Params {
  const [first, ...rest] = list;
  if (!first)
    throw new MetaError("BAD_OPTION", "addParams: expected at least one set of tensors, got none.");
  if (rest.length === 0) return first;
  return mapParams((tensor, ...others) => tf.addN([tensor, ...others]), first, ...rest);
}

/**
 * Adds two sets of tensors, name by name, and frees both. Each pair is freed as soon as it is added, so
 * that there is never a third full set in memory.
 */
export function addInto(sum: Params, more: Params): Params {
  return mapParams(
    (a, b) => {
      const both = tf.add(a, b);
      tf.dispose([a, b]);
      return both;
    },
    sum,
    more,
  );
}

/** Averages several sets of tensors, name by name. @throws MetaError `BAD_OPTION` for an empty list */
export function meanParams(list: readonly Params[]): Params {
  const sum = addParams(list);
  if (list.length === 1) return sum;
  return tf.tidy(() => {
    const scale = tf.scalar(1 / list.length);
    return mapParams((tensor) => tf.mul(tensor, scale), sum) as Record<string, tf.Tensor>;
  });
}

/** Inner product over all tensors of `a`, as a scalar. Differentiable, also twice. */
export function dotParams(a: Params, b: Params): tf.Scalar {
  return tf.tidy(() =>
    tf.addN(Object.entries(a).map(([name, t]) => dot(t, tensorNamed(b, name)))),
  ) as tf.Scalar;
}

/**
 * Inner product of two tensors. The custom gradient avoids two temporary tensors of the same size, which
 * TensorFlow.js's own would make for every parameter in a Hessian-vector product.
 */
function dot(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  const product = savesInputsOnly((x: unknown, y: unknown, save: unknown) => {
    const inputs = [x, y] as tf.Tensor[];
    (save as tf.GradSaveFunc)(inputs);
    return {
      value: tf.sum(tf.mul(x as tf.Tensor, y as tf.Tensor)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, y] = saved as [tf.Tensor, tf.Tensor];
        return [tf.mul(dy, y), tf.mul(dy, x)];
      },
    };
  });
  const differentiable = tf.customGrad(product);
  return differentiable(a, b) as tf.Scalar;
}

/** Euclidean norm over all tensors together, as a scalar. */
export function globalNorm(params: Params): tf.Scalar {
  return tf.tidy(() => tf.sqrt(dotParams(params, params)));
}

/** Counts the elements of all tensors. */
export function countParams(params: Params): number {
  return Object.values(params).reduce((sum, tensor) => sum + tensor.size, 0);
}

/** Frees the tensors. */
export function disposeParams(params: Params): void {
  for (const tensor of Object.values(params)) tensor.dispose();
}
