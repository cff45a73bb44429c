import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import type { Batch } from "../src/batch/batch.js";
import type { Segment } from "../src/contracts/model.js";
import { runSegments } from "../src/objective/runSegments.js";

type Input = Readonly<Record<"x", tf.Scalar>>;

const times: Segment<Input>["apply"] = ({ w }, { x }) => ({
  x: tf.mul(tf.clone(x as tf.Tensor), w as tf.Tensor), // and a tensor on the way
});
const segments: Segment<Input>[] = [
  { params: {}, apply: (_, __, { x }) => ({ x: tf.clone(x) }) },
  { params: { w: "a" }, apply: times },
  { params: { w: "b" }, apply: times },
];

test("segments run one after the other, by their own names of the parameters", () => {
  const [params, batch] = [{ a: tf.scalar(2), b: tf.scalar(3) }, { x: tf.scalar(5) }];
  expect(runSegments(segments, params, batch).x?.dataSync()[0]).toBe(30);
});

test("what a segment computes on its way is freed", () => {
  const [params, batch] = [{ a: tf.scalar(2), b: tf.scalar(3) }, { x: tf.scalar(5) }];
  const before = tf.memory().numTensors;
  runSegments(segments, params, batch);
  expect(tf.memory().numTensors - before).toBe(segments.length); // their outputs
});

test("a parameter that is not there is named as the model names it", () => {
  const missing = { a: tf.scalar(2) };
  expect(() => runSegments(segments as Segment<Batch>[], missing, { x: tf.scalar(1) })).toThrow(
    '[UNKNOWN_NAME] Expected a tensor called "b", got 1 others.',
  );
});
