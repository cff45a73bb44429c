import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gpt2Tokenizer } from "@metalearn/models-gpt2";
import { missing, shared } from "@metalearn/test-support/shared";
import { describe, expect, test } from "vitest";
import { readTaskFile } from "../src/data/taskFile.js";
import { crossfit } from "../src/index.js";

const noData = missing("data", "metaicl");
const root = shared("data", "metaicl");
const tokenizer = gpt2Tokenizer;
const settings = [
  "hr_to_lr",
  "class_to_class",
  "non_class_to_class",
  "qa_to_qa",
  "non_qa_to_qa",
  "non_nli_to_nli",
  "non_paraphrase_to_paraphrase",
];

/** Longer than any sequence of 16 demonstrations. */
const unlimited = 100_000;

const noLayout = missing("golden", "metaicl", "layout_first_test_example.json") ?? noData;
describe.skipIf(noLayout)(
  `the first question equals the one in MetaICL's logs ${noLayout ?? ""}`,
  () => {
    const layouts = noLayout
      ? {}
      : readJson<Record<string, object[]>>("layout_first_test_example.json");
    test.each(Object.entries(layouts))("%s", async (name, expected) => {
      const [task = "", seed] = name.split("/");
      const first = async (maxTokens?: number) => {
        const options = {
          setting: "hr_to_lr",
          style: "space",
          targets: [task],
          maxTokens,
        } as const;
        const { targets } = await crossfit({ root, tokenizer, ...options });
        const [question] = (await targets[0]?.questions(Number(seed))) ?? [];
        return question?.sequences ?? [];
      };
      const whole = await first(unlimited);
      const sequences = await first();
      const layout = sequences.map(({ ids, scoredFrom }, option) => ({
        full: whole[option]?.ids.length,
        prefix: scoredFrom,
        target: ids.length - scoredFrom,
        sha1: createHash("sha1").update(ids.join(",")).digest("hex"),
      }));
      expect(layout).toEqual(expected);
    });
  },
);

describe.skipIf(noData)(`MetaICL's data ${noData ?? ""}`, () => {
  // Tokens at 16 shots before the limit, averaged over a sample of questions: newline style, seed 100.
  test.each([
    ["quarel", 278, 583],
    ["quartz-with_knowledge", 384, 758],
    ["poem_sentiment", 105, 250],
    ["quartz-no_knowledge", 384, 446],
    ["glue-wnli", 71, 1022],
    ["climate_fever", 307, 591],
    ["ethos-race", 87, 419],
    ["ai2_arc", 299, 527],
    ["glue-rte", 277, 1473],
    ["superglue-cb", 56, 1839],
    ["superglue-copa", 100, 350],
    ["tweet_eval-stance_atheism", 52, 539],
    ["tweet_eval-stance_feminist", 67, 490],
  ])("%s has %d questions of %d tokens on average", async (task, count, tokens) => {
    const options = { setting: "hr_to_lr", targets: [task], maxTokens: unlimited };
    const { targets } = await crossfit({ root, tokenizer, ...options });
    const questions = (await targets[0]?.questions(100)) ?? [];
    expect(questions).toHaveLength(count);
    const lengths = questions.flatMap(({ sequences }) => sequences.map(({ ids }) => ids.length));
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    expect(Math.abs(mean / tokens - 1)).toBeLessThan(0.02);
  });

  test("draws shots without balancing labels: 14, 2 and 0 for poem_sentiment, seed 13", async () => {
    const path = shared("data", "metaicl", "poem_sentiment", "poem_sentiment_16_13_train.jsonl");
    const { examples } = await readTaskFile(path, {
      task: "poem_sentiment",
      taskType: "classification",
    });
    const counts = (examples[0]?.options ?? []).map(
      (option) => examples.filter(({ outputs }) => outputs[0] === option).length,
    );
    expect(counts.toSorted((a, b) => b - a)).toEqual([14, 2, 0]);
  });

  test.each(settings)("can be trained on and evaluated on in the setting %s", async (setting) => {
    const messages: string[] = [];
    const tasks = await crossfit({
      root,
      tokenizer,
      setting,
      cache: false,
      notify: (m) => messages.push(m),
    });
    // The one leak by name among the published settings.
    expect(messages.some((m) => m.includes("sick"))).toBe(setting === "non_nli_to_nli");
    expect(messages.length).toBe(setting === "non_nli_to_nli" ? 1 : 0);
    const sampler = tasks.sampler({ seed: 100, batchSize: 8 });
    const [episode] = sampler.next({
      tasks: 1,
      support: 0,
      query: 1,
      querySource: "same-task",
      unit: "mixture",
    });
    const [sequences = 0, tokens = 0] = episode?.query.inputIds.shape ?? [];
    expect(sequences).toBe(8);
    expect(tokens).toBeGreaterThan(100);
    expect(tokens).toBeLessThanOrEqual(1024);
    for (const tensor of Object.values(episode?.query ?? {})) tensor.dispose();
  });
});

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(shared("golden", "metaicl", file), "utf8")) as T;
}
