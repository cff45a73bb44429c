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
    // An environment with no cache and no programs: neither Python nor a compiler.
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

  test("asks the plugins that the config and the command line name, and tells of those that are not there", async () => {
    const project = await emptyProject({ plugins: ["./mine.mjs", "metalearn-nowhere"] });
    const plugin = (name: string) => `export default { name: "${name}", machine: {
      setup: async () => console.log("set up ${name}"),
      diagnose: async () => [{ topic: "${name}", status: "ok", message: "is here" }],
    } };`;
    await project.write("mine.mjs", plugin("mine"));
    await project.write("other.mjs", plugin("other"));
    const { code, stdout } = await project.metalearn(["doctor", "--plugin", "./other.mjs"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {7}mine +is here$/m);
    expect(stdout).toMatch(/^ok {7}other +is here$/m);
    expect(stdout).toMatch(
      /^missing {2}metalearn-nowhere {2}Plugin "metalearn-nowhere" is not installed\. Try: npm install/m,
    );
    await project.write("metalearn.config.yaml", "plugins: [");
    const broken = await project.metalearn(["doctor"]);
    expect(broken.code).toBe(0);
    expect(broken.stdout).toMatch(
      /^warning {2}config +.*metalearn\.config\.yaml: expected a config that can be parsed, got: /m,
    );
    const named = await project.metalearn(["doctor", "-c", "metalearn.config.yaml"]);
    expect(named.code).toBe(2);
  });
});
