import { MetaError, type Random } from "@metalearn/core";

/** A hidden division of words: in every question exactly one of the options is preferred. */
export interface PreferenceTask {
  readonly preferred: readonly string[];
  readonly others: readonly string[];
}

/** A question or a demonstration: `cat dog` with the answer `dog`. */
export interface PreferenceRow {
  /** The options, separated by spaces. */
  readonly input: string;
  readonly output: string;
  readonly options: readonly string[];
}

/** What tasks are drawn from. */
export interface PreferenceTaskOptions {
  /** All words of the domain. */
  readonly words: readonly string[];
  /** Words of one task. */
  readonly symbols: number;
  /** Options of one question. One in so many of the task's words is preferred. */
  readonly options: number;
}

/**
 * Draws different tasks. They share their words, so that a word preferred in one task is not in
 * another: only a task's own examples tell.
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
        `${count} different tasks of ${symbols} out of ${words.length} words could not be found. Ask for fewer.`,
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
 * Rows of a task in random order. Every preferred word is the answer once before any is again, so
 * that few rows show them all.
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
