import { tensorflowProblem } from "../../src/tensorflow/load.js";

const problem = await tensorflowProblem();

/** Why tests of the real TensorFlow cannot run here; `undefined` when they can. */
export const noNativeEngine = problem && `(${problem.detail})`;
