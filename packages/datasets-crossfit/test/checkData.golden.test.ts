import { gpt2Tokenizer } from "@metalearn/models-gpt2";
import { missing, shared } from "@metalearn/test-support/shared";
import { describe, expect, test } from "vitest";
import { crossfit } from "../src/index.js";

const noData = missing("data", "metaicl");
const root = shared("data", "metaicl");

async function check(setting: string) {
  const found = await (await crossfit({ root, setting, tokenizer: gpt2Tokenizer })).check?.();
  if (!found) throw new Error("crossfit has no check");
  return found;
}

/** Facts about the published splits, found without this program. */
describe.skipIf(noData)(`MetaICL's data ${noData ?? ""}`, () => {
  test("has the task sick on both sides of non_nli_to_nli", async () => {
    const { findings } = await check("non_nli_to_nli");
    const both = findings.filter(
      ({ message }) => message === "is both a training task and a target",
    );
    expect(both.map(({ tasks }) => tasks)).toEqual([["sick"]]);
  });

  test("is cut at 1024 tokens where the mean sequence of 16 shots is longer", async () => {
    const { tasks, findings } = await check("hr_to_lr");
    const cut = tasks.filter(({ cutQuestions }) => Number(cutQuestions) > 0.5);
    // MetaICL's published targets with a mean above 1024: 1127, 2641, 1077, 1473, 1839.
    expect(cut.map(({ task }) => task)).toEqual([
      "glue-mrpc",
      "dream",
      "medical_questions_pairs",
      "glue-rte",
      "superglue-cb",
    ]);
    // 14, 2 and 0 of the 16 demonstrations of seed 13.
    const poems = findings.filter(({ tasks }) => tasks[0] === "poem_sentiment");
    expect(poems.map(({ message }) => message)).toEqual([
      "of its 3 labels the demonstrations do not show 1 under seed 13",
    ]);
  });
});
