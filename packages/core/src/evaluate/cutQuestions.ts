import type { LanguageModel } from "../contracts/model.js";
import type { CutQuestion, Question, TokensKept } from "../contracts/task.js";

/** Messages about the parts of a single question that lost tokens. */
export function cutMessages(
  { input, demonstrations, limits }: CutQuestion,
  model: Pick<LanguageModel, "name" | "maxTokens">,
): string[] {
  const limit = `The limit is that of ${optionsOf(limits)}; ${model.name} reads up to ${model.maxTokens} tokens.`;
  return [
    ...(input ? [`The question was cut: its first ${keptText(input)} are read. ${limit}`] : []),
    ...(demonstrations
      ? [
          `The demonstrations were cut: ${keptText(demonstrations)} are read, of the last ones. ${limit}`,
        ]
      : []),
  ];
}

/** Counts the questions of an evaluation that lost a part of their input. */
export interface CutCounter {
  /** Adds the questions of a task. A task is counted once, since all seeds ask the same questions. */
  add(task: string, questions: readonly Question[]): void;
  /** One line about all tasks; nothing if no input was cut. */
  message(): string | undefined;
}

export function cutCounter(): CutCounter {
  const tasks = new Map<string, { readonly asked: number; readonly cut: readonly CutQuestion[] }>();
  return {
    add(task, questions) {
      if (tasks.has(task)) return;
      const cut = questions.flatMap(({ cut }) => (cut?.input ? [cut] : []));
      tasks.set(task, { asked: questions.length, cut });
    },
    message() {
      const all = [...tasks.values()].flatMap(({ cut }) => cut);
      const [first] = all;
      if (!first) return undefined;
      const inputs = all.map(({ input }) => input as TokensKept);
      const longest = inputs.reduce((most, input) => (input.of > most.of ? input : most));
      const asked = [...tasks.values()].reduce((sum, { asked }) => sum + asked, 0);
      const names = [...tasks].flatMap(([task, { cut }]) => (cut.length > 0 ? [task] : []));
      const shown = names.slice(0, 3).join(", ") + (names.length > 3 ? " and others" : "");
      return `${all.length} of ${asked} questions were cut (${shown}): of the longest, the first ${keptText(longest)} are read. The limit is that of ${optionsOf(first.limits)}.`;
    },
  };
}

function keptText({ kept, of }: TokensKept): string {
  return `${kept} of ${of} tokens`;
}

function optionsOf(limits: readonly string[]): string {
  return limits.map((name) => `tasks.${name}`).join(" and ");
}
