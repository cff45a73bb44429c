import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind, Reference } from "@metalearn/core";
import { expect, test } from "vitest";
import { officialToolkit } from "./support/officialToolkit.js";

// Checked options of components as run.json recorded them before schemas stood beside the factories. If they
// were different now, these runs could not be resumed.
const recorded = readFileSync(join(import.meta.dirname, "fixtures/checkedOptions.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { kind: Kind; given: Reference; checked: Reference });

test.each(recorded)("$kind $given is still checked to the same record", (line) => {
  const { kind, given, checked } = line;
  // As text: a tracker knows a run by a hash of it, so that even the order of keys counts.
  expect(JSON.stringify(officialToolkit.check(kind, given))).toBe(JSON.stringify(checked));
  expect(officialToolkit.check(kind, checked)).toEqual(checked);
});

test("of every kind something is recorded", () => {
  expect(new Set(recorded.map(({ kind }) => kind)).size).toBe(8);
});
