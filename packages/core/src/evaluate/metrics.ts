import type { AnswerMetric } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { mean } from "../statistics.js";
import { rougeL } from "./rougeL.js";

/** Correct answers of each question. */
type Gold = readonly (readonly string[])[];

/** Agreement of predictions with gold answers; higher is better, 1 is perfect. */
type Metric = (predictions: readonly string[], gold: Gold) => number;

/** Fraction of correct predictions. */
export const accuracy: Metric = meanOverQuestions((prediction, answer) =>
  prediction.trim() === answer.trim() ? 1 : 0,
);

/**
 * F1 averaged over the labels that occur among the gold labels, from 0 to 1, as MetaICL's scorer
 * computes it: a label that is never predicted has F1 0.
 *
 * @param gold labels of each question; only the first counts
 */
export const macroF1: Metric = (predictions, gold) => {
  const { wanted, got } = labels(predictions, gold);
  return meanF1(wanted, got, new Set(wanted));
};

/**
 * F1 averaged over the labels that occur among the gold labels or the predictions, from 0 to 1:
 * CrossFit's Classification-F1, and scikit-learn's macro average.
 */
const classificationF1: Metric = (predictions, gold) => {
  const { wanted, got } = labels(predictions, gold);
  return meanF1(wanted, got, new Set([...wanted, ...got]));
};

/**
 * Fraction of predictions that equal a correct answer, ignoring case, punctuation, articles and white
 * space.
 *
 * Source: Rajpurkar et al. 2016 (SQuAD), section 6.1; CrossFit's EM.
 */
const exactMatch: Metric = meanOverQuestions((prediction, answer) =>
  words(prediction).join(" ") === words(answer).join(" ") ? 1 : 0,
);

/**
 * F1 between the bags of words of a prediction and of the correct answer that it matches best, ignoring
 * case, punctuation and articles, averaged over questions; from 0 to 1.
 *
 * Source: Rajpurkar et al. 2016 (SQuAD), section 6.1; CrossFit's QA-F1.
 */
const qaF1: Metric = meanOverQuestions((prediction, answer) => {
  const got = words(prediction);
  const left = words(answer);
  const wanted = left.length;
  let common = 0;
  for (const word of got) {
    const at = left.indexOf(word);
    if (at === -1) continue;
    left.splice(at, 1);
    common++;
  }
  return common === 0 ? 0 : (2 * common) / (got.length + wanted);
});

/**
 * Matthews' correlation coefficient between predicted and gold labels, for any number of labels, from -1
 * to 1; 0 if either is constant.
 *
 * Source: Gorodkin 2004, equation 8 (R_K); CrossFit's Matthew-Correlation for two labels.
 */
const matthews: Metric = (predictions, gold) => {
  const { wanted, got } = labels(predictions, gold);
  const all = [...new Set([...wanted, ...got])];
  const count = (list: readonly string[], label: string) =>
    list.filter((other) => other === label).length;
  const total = wanted.length;
  const hits = got.filter((label, i) => label === wanted[i]).length;
  const pairs = all.map((label) => [count(wanted, label), count(got, label)] as const);
  const sum = (term: (pair: readonly [number, number]) => number) =>
    pairs.reduce((at, pair) => at + term(pair), 0);
  const spread = (total ** 2 - sum(([w]) => w * w)) * (total ** 2 - sum(([, g]) => g * g));
  return spread === 0 ? 0 : (hits * total - sum(([w, g]) => w * g)) / Math.sqrt(spread);
};

/**
 * Pearson's correlation coefficient between predicted and gold numbers, from -1 to 1; 0 if either is
 * constant.
 *
 * @throws MetaError `BAD_DATA` for an answer that is not a number
 * Source: CrossFit's Pearson-Correlation.
 */
const pearson: Metric = (predictions, gold) => {
  const { wanted, got } = labels(predictions, gold);
  const [x, y] = [wanted, got].map((answers) => centred(answers.map(number))) as [
    number[],
    number[],
  ];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const spread = Math.sqrt(dot(x, x) * dot(y, y));
  return spread === 0 ? 0 : dot(x, y) / spread;
};

/** Metrics of answers, by name. */
export const metrics = {
  accuracy,
  "macro-f1": macroF1,
  "classification-f1": classificationF1,
  "exact-match": exactMatch,
  "qa-f1": qaF1,
  "rouge-l": meanOverQuestions(rougeL),
  matthews,
  pearson,
} as const satisfies Record<AnswerMetric, Metric>;

/** True if a prediction is one of the correct answers. */
export function isCorrect(prediction: string, gold: readonly string[]): boolean {
  return accuracy([prediction], [gold]) === 1;
}

/** True if a prediction is one of the correct answers but for case, punctuation, articles and white space. */
export function isExactMatch(prediction: string, gold: readonly string[]): boolean {
  return exactMatch([prediction], [gold]) === 1;
}

/** Mean over questions of the best agreement between the prediction and any correct answer. */
function meanOverQuestions(agree: (prediction: string, answer: string) => number): Metric {
  return (predictions, gold) => {
    const fits = predictions.map((prediction, i) =>
      Math.max(0, ...(gold[i] ?? []).map((answer) => agree(prediction, answer))),
    );
    return mean(fits);
  };
}

function labels(predictions: readonly string[], gold: Gold) {
  return {
    wanted: gold.map((answers) => (answers[0] ?? "").trim()),
    got: predictions.map((prediction) => prediction.trim()),
  };
}

function meanF1(wanted: readonly string[], got: readonly string[], over: ReadonlySet<string>) {
  const f1 = [...over].map((label) => {
    const hits = got.filter((prediction, i) => prediction === label && wanted[i] === label).length;
    const predicted = got.filter((prediction) => prediction === label).length;
    const occurring = wanted.filter((other) => other === label).length;
    return hits === 0 ? 0 : (2 * hits) / (predicted + occurring);
  });
  return mean(f1);
}

/** Articles as words of any script: `\b` knows ASCII alone, and would find one in "ça". */
const articles = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;

/** Words of an answer, lower-cased, without ASCII punctuation and articles. */
function words(text: string): string[] {
  const bare = text.toLowerCase().replaceAll(/[!-/:-@[-`{-~]/g, "");
  return bare.replaceAll(articles, " ").split(/\s+/).filter(Boolean);
}

function centred(values: readonly number[]): number[] {
  const centre = mean(values);
  return values.map((value) => value - centre);
}

function number(text: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new MetaError(
    "BAD_DATA",
    `The metric pearson compares numbers, but one answer is ${JSON.stringify(text)}.`,
  );
}
