import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** The built command, which runs in a process of its own. */
export const program = join(import.meta.dirname, "../../cli/bin/metalearn.js");

/**
 * Variables by which Node.js decides about colours, unset here because a test runner or a CI machine may set
 * them.
 */
const usualTerminal = {
  TERM: "xterm-256color",
  CI: undefined,
  TMUX: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
};

/** Result of a process. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Working directory and environment of a command. */
export interface CommandOptions {
  /** The working directory. */
  readonly cwd: string;
  /** In addition to this process's environment; `undefined` removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  /** True to make it the leader of a process group. @default false */
  readonly detached?: boolean;
}

/** A running command. */
export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** Starts the built `metalearn` in a process of its own, with output to pipes. */
export function start(args: readonly string[], options: CommandOptions): Started {
  return startProgram([process.execPath, program, ...args], options);
}

/** Runs `metalearn` to its end. */
export function run(args: readonly string[], options: CommandOptions): Promise<Finished> {
  return start(args, options).finished;
}

/**
 * Starts `metalearn` on a pseudo-terminal, made by Python. The terminal's content, both streams with all
 * escape codes, is in `stdout`.
 */
export function startOnTerminal(args: readonly string[], options: CommandOptions): Started {
  const script =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
  return startProgram(["python3", "-c", script, process.execPath, program, ...args], options);
}

/** Runs `metalearn` on a pseudo-terminal to its end. */
export function runOnTerminal(args: readonly string[], options: CommandOptions): Promise<Finished> {
  return startOnTerminal(args, options).finished;
}

/** Starts any program, as a user's terminal would. */
export function startProgram(
  [command = "", ...args]: readonly string[],
  { cwd, env, detached = false }: CommandOptions,
): Started {
  const child = spawn(command, args, {
    cwd,
    detached,
    env: { ...process.env, ...usualTerminal, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...output }));
  });
  return { child, finished };
}
