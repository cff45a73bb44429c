import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Outcome of a command. */
export interface CommandResult {
  /** `undefined` when the program does not exist or was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** End of its stderr, or the reason why it did not start. */
  readonly stderr: string;
}

/**
 * Runs a program to its end. A failure is not thrown: check `exitCode`.
 *
 * @param onLine called with each line of standard output
 */
export function runCommand(
  program: string,
  parameters: readonly string[],
  { onLine, timeoutMs }: { onLine?: (line: string) => void; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" }),
    });
    const stdout: string[] = [];
    let stderr = "";
    createInterface(child.stdout).on("line", (line) => {
      stdout.push(line);
      onLine?.(line);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-20_000);
    });
    child.on("error", (error) => {
      resolve({ exitCode: undefined, stdout: "", stderr: error.message });
    });
    child.on("close", (code, signal) => {
      resolve({
        exitCode: code ?? undefined,
        stdout: stdout.join("\n"),
        stderr: signal ? `${stderr}\nended by ${signal}` : stderr,
      });
    });
  });
}
