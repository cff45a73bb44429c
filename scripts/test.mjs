// `npm test`: installs what is missing, builds, and runs all tests.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, install, requireNode, root, run, setupEngine } from "./steps.mjs";

requireNode();
install();
build();
setupEngine();

console.log("\n== Tests");
const folder = mkdtempSync(join(tmpdir(), "metalearn-tests-"));
const results = join(folder, "results.json");
const code = run(process.execPath, [
  join(root, "node_modules/vitest/vitest.mjs"),
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${results}`,
  ...process.argv.slice(2),
]);
const { passed, failed } = counts();
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = code === 0 && failed === 0 ? 0 : 1;

function counts() {
  try {
    const report = JSON.parse(readFileSync(results, "utf8"));
    const broken = report.numFailedTests === 0 && !report.success ? 1 : 0; // a file that failed to load
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
