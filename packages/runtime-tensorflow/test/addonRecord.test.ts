import { truncate, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test } from "vitest";
import { damageOf, recordAddon } from "../src/locate/addonRecord.js";

const inFolder = temporaryFolder();

test("an addon that was cut short or changed is noticed before it is loaded", async () => {
  const files = [inFolder("engine.node"), inFolder("preload.node")];
  for (const file of files) await writeFile(file, "an addon");
  expect(damageOf(files)).toBeUndefined(); // built by a version that kept no record
  recordAddon(files);
  expect(damageOf(files)).toBeUndefined();
  await truncate(inFolder("preload.node"), 4);
  expect(damageOf(files)).toBe(
    `${inFolder("preload.node")} is not what was built (its SHA-256 differs)`,
  );
  await writeFile(inFolder("preload.node"), "an addon");
  expect(damageOf(files)).toBeUndefined();
  await writeFile(inFolder("addon.json"), "{");
  expect(damageOf(files)).toContain("addon.json cannot be read");
});
