import { MetaError } from "../errors.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import { disposeParams } from "../params.js";
import { checkTargets } from "./checkTargets.js";
import { evaluateRun } from "./evaluateRun.js";
import { openRun, type Run, type RunOptions } from "./openRun.js";
import { type ComparedRun, readFinishedRun } from "./readFinishedRun.js";
import { type EvaluationRecord, readEvaluation } from "./record/evaluationRecord.js";
import { trainRun } from "./trainRun.js";

/**
 * Trains and evaluates one run, or reads the results that its directory already holds.
 *
 * @throws as {@link openRun}, {@link trainRun} and {@link evaluateRun}
 */
export async function finishRun(options: RunOptions): Promise<ComparedRun> {
  const { directory } = options;
  const run = await openRun(options);
  try {
    const { method } = run.config.evaluate;
    checkTargets(run);
    if (run.training && isBaseline(method)) {
      run.notify(
        `${run.title} trains, but its evaluation method ${method} uses no model. "learner: null" in its config saves the training.`,
      );
    }
    const params = await trainRun(run);
    try {
      if (!(await wholeEvaluation(run))) await evaluateRun(run, params);
      return (await readFinishedRun(directory)) as ComparedRun;
    } finally {
      disposeParams(params);
    }
  } finally {
    await run.close();
  }
}

/** The evaluation of a run; nothing if there is none, or if it is damaged: it is then made again. */
async function wholeEvaluation({ directory, notify }: Run): Promise<EvaluationRecord | undefined> {
  try {
    return await readEvaluation(directory);
  } catch (error) {
    if (!(error instanceof MetaError && error.code === "BAD_DATA")) throw error;
    notify(`${error.detail} It is made again from the scores that are known.`);
    return undefined;
  }
}
