import { emptyProject } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";

interface Finding {
  readonly topic: string;
  readonly status: string;
  readonly message: string;
  readonly fix?: string;
}

describe("doctor", () => {
  test("says what a bare machine lacks, with the command that mends it, and succeeds", async () => {
    const project = await emptyProject();
    // No cache, and no programs: neither Python nor a compiler.
    const bare = { METALEARN_CACHE: project.path("cache"), PATH: project.path("bin") };
    const env = { ...bare, LIBTENSORFLOW_DIR: undefined, CXX: undefined };
    const { code, stdout, stderr } = await project.metalearn(["doctor"], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^(missing|warning) {2}TensorFlow {4}.+\n {23}fix: metalearn setup\n/);
    expect(stdout).toMatch(/\nok {7}WebAssembly {3}available/);
    expect(stdout).toMatch(new RegExp(`\\nok {7}Node\\.js {7}${process.version} on `));
    expect(stdout).toMatch(/\n(missing|warning) {2}C\+\+ compiler {2}.+\n {23}fix: /);
  });

  test("says the same as JSON", async () => {
    const project = await emptyProject();
    const [text, json] = await Promise.all([
      project.metalearn(["doctor"]),
      project.metalearn(["doctor", "--json"]),
    ]);
    expect([text.code, json.code]).toEqual([0, 0]);
    const findings = JSON.parse(json.stdout) as Finding[];
    const lines = text.stdout.split("\n").filter((line) => /^\w/.test(line));
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual(
      findings.map(({ status, topic }) => [status, topic]),
    );
  });
});
