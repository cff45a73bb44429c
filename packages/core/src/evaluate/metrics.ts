import type { AnswerMetric } from "../task.js";

/**
 * The share of correct predictions, from 0 to 1.
 *
 * @param gold acceptable answers of each question
 */
export function accuracy(predictions: readonly string[], gold: readonly (readonly string[])[]) {
  const correct = predictions.filter((prediction, i) => isCorrect(prediction, gold[i] ?? []));
  return correct.length / predictions.length;
}

/**
 * F1 averaged over the labels that occur among the gold labels, from 0 to 1, as MetaICL's scorer
 * computes it: a label that is never predicted has F1 0.
 *
 * @param gold the label of each question; of several, the first
 */
export function macroF1(predictions: readonly string[], gold: readonly (readonly string[])[]) {
  const wanted = gold.map((labels) => trim(labels[0] ?? ""));
  const got = predictions.map(trim);
  const labels = [...new Set(wanted)];
  const f1 = labels.map((label) => {
    const hits = got.filter((prediction, i) => prediction === label && wanted[i] === label).length;
    const predicted = got.filter((prediction) => prediction === label).length;
    const occurring = wanted.filter((other) => other === label).length;
    return hits === 0 ? 0 : (2 * hits) / (predicted + occurring);
  });
  return f1.reduce((sum, value) => sum + value, 0) / labels.length;
}

/** The metric called `name`. */
export const metrics = { accuracy, "macro-f1": macroF1 } as const satisfies Record<
  AnswerMetric,
  unknown
>;

function isCorrect(prediction: string, gold: readonly string[]): boolean {
  return gold.some((answer) => trim(answer) === trim(prediction));
}

function trim(text: string): string {
  return text.trim();
}
