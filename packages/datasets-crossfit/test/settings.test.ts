import { join } from "node:path";
import { expect, test } from "vitest";
import { readSetting, readTaskType } from "../src/data/settings.js";
import { writeFiles } from "./support/files.js";

const setting = { train: ["a", "b"], test: ["c", "d"], unseen_domain_test: ["d"] };

test("a setting is a file of the config folder", async () => {
  const root = writeFiles({ "config/hr_to_lr.json": setting });
  expect(await readSetting(root, "hr_to_lr")).toEqual({
    name: "hr_to_lr",
    train: ["a", "b"],
    test: ["c", "d"],
    unseenDomainTest: ["d"],
  });
});

test("a setting may be any file of this kind, by its path", async () => {
  const root = writeFiles({ "config/hr_to_lr.json": setting, "elsewhere/mine.json": setting });
  const read = await readSetting(root, join(root, "elsewhere", "mine.json"));
  expect(read).toMatchObject({ name: "mine", train: ["a", "b"] });
  await expect(readSetting(root, join(root, "none.json"))).rejects.toThrow(
    /\[MISSING_FILE\] .*none\.json cannot be read/,
  );
});

test("an unknown setting is answered with the known ones and the nearest", async () => {
  const root = writeFiles({ "config/hr_to_lr.json": setting, "config/mine.json": setting });
  await expect(readSetting(root, "hr_to_hr")).rejects.toThrow(
    '[UNKNOWN_NAME] No setting is called "hr_to_hr". Did you mean "hr_to_lr"? Known: hr_to_lr, mine.',
  );
});

test("a root without settings is a missing file, with a hint at the option", async () => {
  await expect(readSetting(writeFiles({}), "hr_to_lr")).rejects.toThrow(
    /\[MISSING_FILE\] Expected the settings .*config, .* Is "root" right\?/,
  );
});

test.each([
  ["{", /s\.json is not JSON/],
  [{ train: ["a"], test: ["c"] }, /unseen_domain_test/],
  [{ ...setting, train: ["a", "a"] }, /names a task twice/],
  [{ ...setting, train: "a" }, /s\.json: .*expected array/],
  [{ ...setting, unseen_domain_test: ["x"] }, /every task of "unseen_domain_test" .* but x is not/],
])("a file that is no setting is named: %j", async (content, problem) => {
  const root = writeFiles({ "config/s.json": content });
  const reading = readSetting(root, "s");
  await expect(reading).rejects.toMatchObject({ code: "BAD_DATA" });
  await expect(reading).rejects.toThrow(problem);
});

test("a task's type comes from its own config", async () => {
  const root = writeFiles({
    "config/tasks/a.json": { task_type: "classification", options: ["x", "y"] },
    "config/tasks/b.json": { task_type: "multi-choice", options: null },
    "config/tasks/c.json": { task_type: "regression", options: null },
  });
  expect(await readTaskType(root, "a")).toBe("classification");
  expect(await readTaskType(root, "b")).toBe("multi-choice");
  await expect(readTaskType(root, "c")).rejects.toThrow(/\[BAD_DATA\] .*c\.json.*task_type/s);
  await expect(readTaskType(root, "d")).rejects.toThrow(/\[MISSING_FILE\] .*d\.json/);
});
