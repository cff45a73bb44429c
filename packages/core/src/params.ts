import * as tf from "@tensorflow/tfjs";
import { savesInputsOnly } from "./autodiff/tape/customGradients.js";
import { MetaError } from "./errors.js";

/**
 * Named tensors: a model's parameters, their gradients, an optimizer's moments. The names are those
 * of the checkpoint (`h.0.attn.c_attn.weight`), and the order of the names is the model's order.
 */
export type Params = Readonly<Record<string, tf.Tensor>>;

/** The tensor called `name`. @throws MetaError `UNKNOWN_NAME` when there is none. */
export function tensorNamed(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (!tensor) {
    throw new MetaError(
      "UNKNOWN_NAME",
      `There is no tensor called "${name}" among ${Object.keys(params).length} tensors.`,
    );
  }
  return tensor;
}

/**
 * Applies `fn` to the tensors that share a name; the names and their order are those of `first`.
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

/** The tensors whose name passes `keep`. */
export function filterParams(params: Params, keep: (name: string) => boolean): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => keep(name)));
}

/** Zeros of the shapes of `params`. */
export function zerosLikeParams(params: Params): Params {
  return mapParams((tensor) => tf.zerosLike(tensor), params);
}

/** The sum of several sets of tensors, name by name. */
export function addParams(list: readonly Params[]): Params {
  const [first, ...rest] = list;
  if (!first) throw new MetaError("BAD_OPTION", "addParams needs at least one set of tensors.");
  if (rest.length === 0) return first;
  return mapParams((tensor, ...others) => tf.addN([tensor, ...others]), first, ...rest);
}

/**
 * The sum of two sets of tensors, name by name. Both are freed tensor by tensor, so that no third set
 * lies beside them in full.
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

/** The mean of several sets of tensors, name by name. */
export function meanParams(list: readonly Params[]): Params {
  const sum = addParams(list);
  if (list.length === 1) return sum;
  return tf.tidy(() => {
    const scale = tf.scalar(1 / list.length);
    return mapParams((tensor) => tf.mul(tensor, scale), sum) as Record<string, tf.Tensor>;
  });
}

/** The inner product over all tensors of `a`: a scalar. */
export function dotParams(a: Params, b: Params): tf.Scalar {
  return tf.tidy(() =>
    tf.addN(Object.entries(a).map(([name, t]) => dot(t, tensorNamed(b, name)))),
  ) as tf.Scalar;
}

/**
 * The sum over the products of elements. The gradient that TensorFlow.js would find for it makes and
 * multiplies two more tensors of that size, in a Hessian-vector product for every parameter.
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

/** The Euclidean norm over all tensors together: a scalar. */
export function globalNorm(params: Params): tf.Scalar {
  return tf.tidy(() => tf.sqrt(dotParams(params, params)));
}

/** The number of scalars in all tensors together. */
export function countParams(params: Params): number {
  return Object.values(params).reduce((sum, tensor) => sum + tensor.size, 0);
}

/** Frees the tensors. */
export function disposeParams(params: Params): void {
  for (const tensor of Object.values(params)) tensor.dispose();
}
