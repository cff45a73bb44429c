import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metrics } from "../src/evaluate/metrics.js";

const { cases } = JSON.parse(
  readFileSync(
    join(import.meta.dirname, "../../../test/oracle/numbers/free-text/free_text.json"),
    "utf8",
  ),
) as {
  readonly cases: readonly {
    readonly prediction: string;
    readonly answer: string;
    readonly exact: number;
    readonly f1: number;
    readonly rougeL: number;
  }[];
};

test.each(cases)(
  "$prediction agrees with $answer as rouge-score and SQuAD's rules have it",
  (given) => {
    const { prediction, answer, exact, f1, rougeL } = given;
    expect(metrics["exact-match"]([prediction], [[answer]])).toBe(exact);
    expect(metrics["qa-f1"]([prediction], [[answer]])).toBeCloseTo(f1, 12);
    expect(metrics["rouge-l"]([prediction], [[answer]])).toBeCloseTo(rougeL, 12);
  },
);
