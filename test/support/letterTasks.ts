import {
  defineFactory,
  definePlugin,
  randomFor,
  type TargetTask,
  type TaskSource,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import { cpu } from "@metalearn/runtime-tensorflow";
import { z } from "zod";

const letters = ["a", "b", "c", "d"];

/** `a+b-c+a` and its answer: which sign the last letter had before it. */
function sequence(key: readonly (string | number)[], answer?: string): TokenSequence {
  const random = randomFor(...key);
  const signs = Object.fromEntries(letters.map((l) => [l, random.integer(2) ? "+" : "-"]));
  const asked = letters[random.integer(letters.length)] ?? "a";
  const text = letters.map((l) => l + signs[l]).join("") + asked + (answer ?? signs[asked]);
  return { ids: [...Buffer.from(text)], scoredFrom: text.length - 1 };
}

function goldOf(key: readonly (string | number)[]): string {
  const { ids } = sequence(key);
  return String.fromCharCode(ids.at(-1) ?? 0);
}

/** A task source without files, for tests of what happens around it. */
export function letterTasks(): TaskSource<TokenBatch> {
  const target = (name: string, unseenDomain: boolean): TargetTask => ({
    name,
    unseenDomain,
    metric: "accuracy",
    questions: async (seed) =>
      Array.from({ length: 12 }, (_, i) => {
        const key = ["test", name, seed, i];
        return {
          options: ["+", "-"],
          sequences: ["+", "-"].map((option) => sequence(key, option)),
          gold: [goldOf(key)],
        };
      }),
  });
  return {
    name: "letters",
    trainingTasks: ["signs"],
    targets: [target("near", false), target("far", true)],
    devTargets: [target("dev", false)],
    fingerprints: { letters: "none" },
    sampler({ seed, batchSize }) {
      let drawn = 0;
      const batch = (count: number) =>
        tokenBatch(Array.from({ length: count }, () => sequence(["train", seed, drawn++])));
      return {
        next: ({ tasks, support, query }) =>
          Array.from({ length: tasks }, () => ({
            tasks: ["signs"],
            support: Array.from({ length: support }, () => batch(batchSize)),
            query: batch(query * batchSize),
          })),
        state: () => ({ drawn }),
        restore: (state) => {
          drawn = state.drawn ?? 0;
        },
      };
    },
  };
}

/** The components above, for configs of tests. */
export const letterPlugin = definePlugin({
  name: "letters",
  tasks: { letters: defineFactory(z.strictObject({}), letterTasks) },
  runtimes: { plain: defineFactory(z.strictObject({}), () => cpu()) },
});
