import * as tf from "@tensorflow/tfjs";
import {
  aboveOne,
  any,
  constant,
  exact,
  ids,
  type Operation,
  on,
  positive,
  unit,
} from "./operation.js";

type T = tf.Tensor;

/** The sides of `f` in turn repeated for the other. */
const binary = (
  f: (a: T, b: T) => T,
  input: (...shape: number[]) => ReturnType<typeof any> = any,
) =>
  exact(on(f, input(2, 3), input(2, 3)), {
    "the left side repeated": on(f, input(3), input(2, 3)),
    "the right side repeated": on(f, input(2, 3), input(2, 1)),
    "a scalar": on(f, input(), input(2, 3)),
  });

const toInt = (x: T) => tf.cast(tf.mul(x, 5), "int32");
const isPositive = (x: T) => tf.greater(x, 0);

/** Operations on single elements. */
export const elementwise: Readonly<Record<string, Operation>> = {
  abs: exact(on(tf.abs, any(2, 3))),
  acos: exact(on(tf.acos, unit(2, 3))),
  acosh: exact(on(tf.acosh, aboveOne(2, 3))),
  add: binary(tf.add),
  addN: exact(on((a: T, b: T) => tf.addN([a, b, tf.square(a)]), any(2, 3), any(2, 3))),
  asin: exact(on(tf.asin, unit(2, 3))),
  asinh: exact(on(tf.asinh, any(2, 3))),
  atan: exact(on(tf.atan, any(2, 3))),
  atan2: binary(tf.atan2, positive),
  atanh: exact(on(tf.atanh, unit(2, 3))),
  bitwiseAnd: constant((x) => tf.bitwiseAnd(toInt(x), toInt(tf.neg(x)))),
  cast: {
    ...exact(on((x: T) => tf.cast(x, "float32"), any(2, 3))),
    constant: { "to int32": on((x: T) => tf.mul(x, tf.cast(toInt(x), "float32")), any(2, 3)) },
    because: "complex numbers",
    refused: {
      "to complex64": on((x: T) => tf.cast(tf.cast(x, "complex64"), "float32"), any(2, 3)),
    },
  },
  ceil: constant(tf.ceil),
  clipByValue: exact(on((x: T) => tf.clipByValue(x, -0.61, 1), any(2, 4))),
  clone: exact(on(tf.clone, any(2, 3))),
  cos: exact(on(tf.cos, any(2, 3))),
  cosh: exact(on(tf.cosh, any(2, 3))),
  div: binary(tf.div, positive),
  divNoNan: binary(tf.divNoNan, positive),
  dropout: exact(on((x: T) => tf.dropout(x, 0.5, undefined, 7), any(3, 4))),
  elu: exact(on(tf.elu, any(2, 4))),
  equal: constant((x) => tf.equal(x, tf.reverse(x, 1))),
  erf: exact(on(tf.erf, any(2, 3))),
  exp: exact(on(tf.exp, any(2, 3))),
  expm1: exact(on(tf.expm1, any(2, 3))),
  floor: constant(tf.floor),
  floorDiv: constant((x) => tf.floorDiv(x, tf.add(tf.square(x), 0.3))),
  greater: constant((x) => tf.greater(x, 0.2)),
  greaterEqual: constant((x) => tf.greaterEqual(x, 0.2)),
  isFinite: constant(tf.isFinite),
  isInf: constant(tf.isInf),
  isNaN: constant(tf.isNaN),
  leakyRelu: exact(on((x: T) => tf.leakyRelu(x, 0.1), any(2, 4))),
  less: constant((x) => tf.less(x, 0.2)),
  lessEqual: constant((x) => tf.lessEqual(x, 0.2)),
  log: exact(on(tf.log, positive(2, 3))),
  log1p: exact(on(tf.log1p, positive(2, 3))),
  logSigmoid: exact(on(tf.logSigmoid, any(2, 3))),
  logicalAnd: constant((x) => tf.logicalAnd(isPositive(x), tf.less(x, 1))),
  logicalNot: constant((x) => tf.logicalNot(isPositive(x))),
  logicalOr: constant((x) => tf.logicalOr(isPositive(x), tf.less(x, -1))),
  logicalXor: constant((x) => tf.logicalXor(isPositive(x), tf.less(x, 1))),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  mod: exact(on(tf.mod, any(2, 3), aboveOne(2, 3)), {
    "the right side repeated": on(tf.mod, any(2, 3), aboveOne(3)),
  }),
  movingAverage: exact(
    on((v: T, x: T) => tf.movingAverage(v, x, 0.9, undefined, false), any(2, 3), any(2, 3)),
  ),
  mul: binary(tf.mul),
  neg: exact(on(tf.neg, any(2, 3))),
  notEqual: constant((x) => tf.notEqual(x, tf.reverse(x, 1))),
  oneHot: constant((x) => tf.oneHot(tf.argMax(x, 1), 3)),
  onesLike: constant(tf.onesLike),
  pow: {
    exact: {
      ...binary(tf.pow, positive).exact,
      "an integer exponent": on((x: T) => tf.pow(x, tf.scalar(3, "int32")), any(2, 3)),
      "a base of zero": on((b: T) => tf.pow(tf.tensor1d([0, 0, 2]), b), positive(3)),
    },
  },
  prelu: exact(on(tf.prelu, any(2, 4), positive(2, 4)), {
    "a slope for each column": on(tf.prelu, any(2, 4), positive(4)),
  }),
  reciprocal: exact(on(tf.reciprocal, positive(2, 3))),
  relu: exact(on(tf.relu, any(2, 4))),
  relu6: exact(on((x: T) => tf.relu6(tf.mul(x, 7)), any(2, 4))),
  round: constant(tf.round),
  rsqrt: exact(on(tf.rsqrt, positive(2, 3))),
  selu: exact(on(tf.selu, any(2, 4)), {
    "where exp(x) overflows": on((x: T) => tf.selu(tf.concat([x, tf.add(x, 100)])), any(3)),
  }),
  sigmoid: exact(on(tf.sigmoid, any(2, 3))),
  sign: constant(tf.sign),
  sin: exact(on(tf.sin, any(2, 3))),
  sinh: exact(on(tf.sinh, any(2, 3))),
  softplus: exact(on(tf.softplus, any(2, 3))),
  sqrt: exact(on(tf.sqrt, positive(2, 3))),
  square: exact(on(tf.square, any(2, 3))),
  squaredDifference: binary(tf.squaredDifference),
  step: constant(tf.step),
  sub: binary(tf.sub),
  tan: exact(on(tf.tan, unit(2, 3))),
  tanh: exact(on(tf.tanh, any(2, 3))),
  where: exact(
    on((a: T, b: T) => tf.where(tf.greater(a, b), a, b), any(2, 3), any(2, 3)),
    {
      "a condition of constants": on(
        (a: T, b: T) => tf.where(tf.cast(ids([1, 0, 1]), "bool"), a, b),
        any(2, 3),
        any(2, 3),
      ),
    },
  ),
  zerosLike: constant(tf.zerosLike),
};
