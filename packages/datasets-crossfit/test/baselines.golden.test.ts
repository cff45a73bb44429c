import { evaluateBaseline } from "@metalearn/core";
import { gpt2Tokenizer } from "@metalearn/models-gpt2";
import { missing, shared } from "@metalearn/test-support/shared";
import { describe, expect, test } from "vitest";
import { crossfit } from "../src/index.js";

const noData = missing("data", "metaicl");

describe.skipIf(noData)(`baselines on MetaICL's data ${noData ?? ""}`, () => {
  test("score what a few lines of Python with scikit-learn score", async () => {
    // For each of the 26 targets of HR -> LR and the five seeds, the most frequent output of the 16 rows
    // shown, the first option of equals; f1_score(average="macro", labels=those of the gold rows) of
    // scikit-learn 1.9.1 for classification, else accuracy; mean and minimum over seeds, mean over tasks.
    const root = shared("data", "metaicl");
    const { targets } = await crossfit({ root, setting: "hr_to_lr", tokenizer: gpt2Tokenizer });
    const seeds = [100, 13, 21, 42, 87];
    const { all, unseen } = await evaluateBaseline("majority", { targets, seeds });
    expect(100 * all.mean).toBeCloseTo(32.828021148902764, 10);
    expect(100 * all.worst).toBeCloseTo(32.142373926288286, 10);
    expect(100 * Number(unseen?.mean)).toBeCloseTo(24.819815706493987, 10);
    expect(100 * Number(unseen?.worst)).toBeCloseTo(23.967526857360628, 10);
  });
});
