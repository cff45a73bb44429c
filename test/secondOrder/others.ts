import * as tf from "@tensorflow/tfjs";
import { any, ids, none, type Operation, on, refused } from "./operation.js";

type T = tf.Tensor;
type T1 = tf.Tensor1D;

const random = none("makes random numbers");
const text = none("takes text");
const integers = none("takes integers");

const complex = "complex numbers";
const ragged = "ragged tensors";
const noGradient = "TensorFlow.js has no gradient of it";

/** A complex spectrum of a real signal, and a number of it. */
const spectrum = (f: (x: T) => T) =>
  refused(
    complex,
    on((x: T) => tf.abs(f(x)), any(4)),
  );

/** Complex numbers, ragged tensors, and what takes no numbers. */
export const others: Readonly<Record<string, Operation>> = {
  bincount: refused(
    noGradient,
    on((w: T) => tf.bincount(ids([0, 2, 2]) as T1, w as T1, 3), any(3)),
  ),
  broadcastArgs: integers,
  "browser.fromPixels": none("takes an image of a browser"),
  complex: refused(
    complex,
    on((x: T) => tf.real(tf.complex(x, x)), any(3)),
  ),
  denseBincount: refused(
    noGradient,
    on((w: T) => tf.denseBincount(ids([0, 2, 2]) as T1, w as T1, 3), any(3)),
  ),
  eye: none("takes numbers of rows and columns"),
  fft: spectrum((x) => tf.fft(tf.complex(x, tf.zerosLike(x)))),
  ifft: spectrum((x) => tf.ifft(tf.complex(x, tf.zerosLike(x)))),
  imag: refused(
    complex,
    on((x: T) => tf.imag(tf.complex(x, x)), any(3)),
  ),
  irfft: refused(
    complex,
    on((x: T) => tf.irfft(tf.complex(x, x)), any(3)),
  ),
  "math.confusionMatrix": integers,
  multinomial: random,
  raggedGather: refused(
    ragged,
    on(
      (x: T) => tf.raggedGather([ids([0, 2, 3])], x, ids([1, 0]), 1).outputDenseValues as T,
      any(3),
    ),
  ),
  raggedRange: refused(
    ragged,
    on(
      (x: T) => tf.raggedRange(x, tf.tensor1d([4, 5]), tf.tensor1d([1, 1])).rtDenseValues as T,
      any(2),
    ),
  ),
  raggedTensorToTensor: refused(
    ragged,
    on(
      (x: T) =>
        tf.raggedTensorToTensor(ids([2, 2]), x, tf.scalar(0), [ids([0, 2, 3])], ["ROW_SPLITS"]),
      any(3),
    ),
  ),
  rand: random,
  randomGamma: random,
  randomNormal: random,
  randomStandardNormal: random,
  randomUniform: random,
  randomUniformInt: random,
  real: refused(
    complex,
    on((x: T) => tf.real(tf.complex(x, x)), any(3)),
  ),
  rfft: spectrum((x) => tf.rfft(x)),
  "signal.hammingWindow": none("takes a length"),
  "signal.hannWindow": none("takes a length"),
  "signal.stft": spectrum((x) => tf.signal.stft(x as T1, 4, 2)),
  "sparse.sparseReshape": integers,
  "string.staticRegexReplace": text,
  "string.stringNGrams": text,
  "string.stringSplit": text,
  "string.stringToHashBucketFast": text,
  truncatedNormal: random,
};

export const spectral: Readonly<Record<string, Operation>> = Object.fromEntries(
  ["fft", "ifft", "rfft", "irfft"].map((name) => [`spectral.${name}`, others[name] as Operation]),
);
