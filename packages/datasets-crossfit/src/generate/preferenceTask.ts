import { MetaError, type Random } from "@metalearn/core";

/** A hidden division of words: exactly one option of every question is a preferred word. */
export interface PreferenceTask {
  readonly preferred: readonly string[];
  readonly others: readonly string[];
}

/** A question or a demonstration: `cat dog` with the answer `dog`. */
export interface PreferenceRow {
  /** Options, separated by spaces. */
  readonly input: string;
  readonly output: string;
  readonly options: readonly string[];
}

/** Words and sizes that tasks are drawn with. */
export interface PreferenceTaskOptions {
  /** All words of the domain. */
  readonly words: readonly string[];
  /** Number of words in each task. */
  readonly symbols: number;
  /** Number of options per question. One in this many of the task's words is preferred. */
  readonly options: number;
}

/**
 * Draws different tasks. They share their words: a word preferred in one task is not preferred in another, so
 * that only a task's own examples reveal its preferences.
 *
 * @throws MetaError `BAD_OPTION` when there are not so many different tasks
 */
export function drawPreferenceTasks(
  random: Random,
  count: number,
  { words, symbols, options }: PreferenceTaskOptions,
): PreferenceTask[] {
  const tasks = new Map<string, PreferenceTask>();
  for (let attempt = 0; tasks.size < count; attempt++) {
    if (attempt > 100 * count) {
      throw new MetaError(
        "BAD_OPTION",
        `Found no ${count} different tasks of ${symbols} out of ${words.length} words. Lower the number of tasks.`,
      );
    }
    const chosen = random.sample(words, symbols);
    const border = Math.floor(symbols / options);
    const task = { preferred: chosen.slice(0, border).sort(), others: chosen.slice(border).sort() };
    tasks.set(JSON.stringify(task), task);
  }
  return [...tasks.values()];
}

/**
 * Draws rows of a task. Every preferred word is the answer once before any is repeated, so that a few rows
 * show them all.
 */
export function drawRows(
  random: Random,
  count: number,
  { task, options }: { task: PreferenceTask; options: number },
): PreferenceRow[] {
  const rounds = Array.from({ length: Math.ceil(count / task.preferred.length) }, () =>
    random.shuffle(task.preferred),
  );
  const answers = rounds.flat().slice(0, count);
  return answers.map((output) => {
    const offered = random.shuffle([output, ...random.sample(task.others, options - 1)]);
    return { input: offered.join(" "), output, options: offered };
  });
}
