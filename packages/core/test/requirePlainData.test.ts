import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test } from "vitest";
import { parseOverrides } from "../src/config/merge.js";
import { readConfigFile } from "../src/config/readConfigFile.js";

const inFolder = temporaryFolder();
/** Nine aliases of nine aliases, eight deep: 9 ** 9 values. */
const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]", ..."bcdefghi"]
  .map((line, i) => (i === 0 ? line : `${line}: &${line} [${`*${"abcdefgh"[i - 1]},`.repeat(9)}]`))
  .join("\n");

test.each([
  ["aliases that multiply", bomb, "expected at most 100000 values, got more, perhaps by aliases"],
  ["a value that holds itself", "a: &a\n  b: *a\n", "got one at a.b, which holds itself."],
  ["the key __proto__", "model:\n  __proto__:\n    use: x\n", 'got "__proto__" in model.'],
])("a config with %s is refused at once", async (_, text, message) => {
  await writeFile(inFolder("metalearn.config.yaml"), text);
  const begun = performance.now();
  const reading = readConfigFile(inFolder("metalearn.config.yaml"));
  await expect(reading).rejects.toThrow(`[BAD_CONFIG] ${inFolder("metalearn.config.yaml")}: `);
  await expect(reading).rejects.toThrow(message);
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test.each(['tasks={"__proto__":{"use":"x"}}', "tasks={ __proto__: { use: x } }"])(
  "the override %s is refused as well",
  (override) => {
    expect(() => parseOverrides([override])).toThrow(
      '[BAD_CONFIG] tasks: expected names of options as keys, got "__proto__" in the config.',
    );
  },
);

test("a config in which two keys share one alias is read", async () => {
  await writeFile(inFolder("metalearn.config.yaml"), "a: &a { b: 1 }\nc: *a\n");
  const found = await readConfigFile(inFolder("metalearn.config.yaml"));
  expect(found?.content).toEqual({ a: { b: 1 }, c: { b: 1 } });
});
