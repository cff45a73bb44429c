import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/**
 * The environment of a user's shell: that of this process without what a test runner or a package
 * manager tells the scripts that it runs.
 */
function shellEnvironment(): NodeJS.ProcessEnv {
  const ofScripts =
    /^(VITEST|FORCE_COLOR|npm_(package|lifecycle)_|npm_config_(local|global)_prefix$|NODE_ENV$)/;
  const entries = Object.entries(process.env).filter(([name]) => !ofScripts.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1", npm_config_update_notifier: "false" };
}

/** Runs a command in a folder, as a user would, and gives what it printed. */
export function shell(cwd: string, command: string, ...args: readonly string[]): Promise<Outcome> {
  const child = spawn(command, args, {
    cwd,
    env: shellEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs a command that has to succeed. @throws Error with what it printed */
export async function succeed(
  cwd: string,
  command: string,
  ...args: readonly string[]
): Promise<string> {
  const { code, output } = await shell(cwd, command, ...args);
  if (code === 0) return output;
  throw new Error(`${command} ${args.join(" ")} ended with exit code ${code}:\n${output}`);
}

/** Why packages cannot be had from npm's registry here; `undefined` when they can. */
export function registryProblem(): string | undefined {
  const asked: SpawnSyncReturns<string> = spawnSync("npm", ["view", "zod", "version"], {
    env: shellEnvironment(),
    encoding: "utf8",
    timeout: 20_000,
  });
  return asked.status === 0 ? undefined : "npm's registry cannot be reached from here";
}
