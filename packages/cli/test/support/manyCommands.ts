import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Finished } from "@metalearn/test-support/command";

/** A command line and the folder that it runs in. */
export interface Invocation {
  readonly cwd: string;
  readonly args: readonly string[];
}

const program = pathToFileURL(join(import.meta.dirname, "../../dist/main.js")).href;

/** Calls `main` once for each line of stdin, and answers with a line of JSON. */
const driver = `
import { createInterface } from "node:readline";
const { main } = await import(${JSON.stringify(program)});
const answer = process.stdout.write.bind(process.stdout);
for await (const line of createInterface({ input: process.stdin })) {
  const { cwd, args } = JSON.parse(line);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    process[name].write = (text) => ((output[name] += text), true);
  }
  process.chdir(cwd);
  const code = await main(args);
  answer(JSON.stringify({ code, ...output }) + "\\n");
}
process.exit(0);
`;

/**
 * Runs command lines one after the other in one process, from the build: shared parts, such as plugins and
 * engines, are loaded once.
 */
export function runAll(invocations: readonly Invocation[]): Promise<Finished[]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", driver], {
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let answers = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    answers += text;
  });
  child.stdin.end(invocations.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", () => {
      const lines = answers.split("\n").slice(0, -1);
      if (lines.length === invocations.length) resolve(lines.map((line) => JSON.parse(line)));
      else reject(new Error(`The process ended after ${lines.length} commands.\n${answers}`));
    });
  });
}
