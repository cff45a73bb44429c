import { badRow } from "./columns.js";

/** An answer as the data writes it. */
export interface WrittenAnswer {
  readonly at: string;
  readonly text: string;
  /** True if the data has a number, not a text. */
  readonly isNumber: boolean;
}

/** A way to read an answer: the answer's text, or undefined where it cannot be meant. */
type Meaning<A> = (answer: A) => string | undefined;

/**
 * Reads answers that are labels, by their names or by their numbers from 0. All rows are read in the same way, so that
 * a name that could be a number, such as a rating, is not taken for one.
 *
 * @param isIndexed true if the names are those of a feature ClassLabel, whose values are numbers by definition
 * @throws MetaError `BAD_DATA`, naming the row
 */
export function labelReading(
  answers: readonly WrittenAnswer[],
  names: readonly string[],
  isIndexed: boolean,
): Meaning<WrittenAnswer> {
  const byName = ({ text }: WrittenAnswer) => (names.includes(text) ? text : undefined);
  const byNumber = ({ text }: WrittenAnswer) =>
    /^\d+$/.test(text) ? names[Number(text)] : undefined;
  const isNumeric = names.some((name) => /^\d+$/.test(name));
  const meanings: Meaning<WrittenAnswer>[] = isIndexed ? [byNumber, byName] : [byName, byNumber];
  // Names and numbers may stand side by side where they cannot be confused.
  if (!isNumeric) meanings.push((answer) => byName(answer) ?? byNumber(answer));
  return oneMeaning(answers, meanings, ({ at, text }) =>
    badRow(
      at,
      `expected one of the labels ${names.join(", ")} as the answer, got ${JSON.stringify(text)}`,
    ),
  );
}

/** An answer that refers to one of its row's options. */
export interface OptionAnswer extends WrittenAnswer {
  readonly options: readonly string[];
  /** True if the options are numbers, not texts. */
  readonly areNumbers: boolean;
  /** Own labels of the options, as in `choices: {text, label}`. */
  readonly labels: readonly string[] | undefined;
}

/**
 * Reads answers that refer to options: by text, by the options' own labels, by letter (`A`), or by number from 0. All
 * rows are read in the same way, so that the third option is not confused with the option "3".
 *
 * @throws MetaError `BAD_DATA`, naming the row
 */
export function optionReading(answers: readonly OptionAnswer[]): Meaning<OptionAnswer> {
  const byText = ({ options, text }: OptionAnswer) => options.find((option) => option === text);
  const byLabel = ({ options, labels, text }: OptionAnswer) =>
    labels?.includes(text) ? options[labels.indexOf(text)] : undefined;
  const byLetter = ({ options, text }: OptionAnswer) =>
    /^[A-Z]$/.test(text) ? options[text.charCodeAt(0) - 65] : undefined;
  const byNumber = ({ options, text }: OptionAnswer) =>
    /^\d+$/.test(text) ? options[Number(text)] : undefined;
  // A number cannot be the text of an option, unless options are numbers, too.
  const areNumbers = answers.every(({ isNumber, areNumbers }) => isNumber && !areNumbers);
  const hasLabels = answers.some(({ labels }) => labels !== undefined);
  const others = hasLabels ? [byLabel] : [byLetter, byNumber];
  const meanings = areNumbers && !hasLabels ? [byNumber, byText] : [byText, ...others];
  return oneMeaning(answers, meanings, ({ at, options, text }) =>
    badRow(
      at,
      `expected one of the options ${JSON.stringify(options)} as the answer, as in the other rows, got ${JSON.stringify(text)}`,
    ),
  );
}

/** The first meaning that every answer can have; else the error about the first answer that cannot have the usual one. */
function oneMeaning<A>(
  answers: readonly A[],
  meanings: readonly Meaning<A>[],
  error: (answer: A) => Error,
): Meaning<A> {
  const misfits = meanings.map((meaning) => ({
    meaning,
    bad: answers.filter((answer) => meaning(answer) === undefined),
  }));
  const [best] = misfits.toSorted((a, b) => a.bad.length - b.bad.length);
  const [bad] = best?.bad ?? [];
  if (best && bad === undefined) return best.meaning;
  throw error(bad as A);
}
