import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("without vitest the toys and checks are there, and a suite says what it needs", async () => {
  const program = `
    import { modelChecks, testModel, toyModel } from "@metalearn/core/testing";
    const subject = { create: toyModel, batch: () => ({}) };
    const seed = modelChecks(subject).find(({ property }) => property === "seed");
    await seed.run();
    console.log(seed.title);
    testModel("toy", subject);
  `;
  const failure = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { cwd: import.meta.dirname, env: { ...process.env, VITEST: undefined } },
  ).catch((error) => error);
  expect(failure.stdout).toContain("the same seed gives the same parameters");
  expect(failure.stderr).toContain(
    "[MISSING_PEER] Expected to run in vitest, with which conformance suites register tests",
  );
});
