import { spawnSync } from "node:child_process";
import { startProgram } from "@metalearn/test-support/command";

/** Variables that a user's shell does not have, which test runners and package managers set for scripts. */
const ofScripts = /^(VITEST|NODE_ENV$|npm_(package|lifecycle)_|npm_config_(local|global)_prefix$)/;

function userEnvironment(): NodeJS.ProcessEnv {
  const others = Object.keys(process.env).filter((name) => ofScripts.test(name));
  const taken = Object.fromEntries(others.map((name) => [name, undefined]));
  return { ...taken, NO_COLOR: "1", npm_config_update_notifier: "false" };
}

/** Runs a command as a user would and returns its output. @throws Error with all output when it fails */
export async function succeed(cwd: string, ...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await startProgram(command, { cwd, env: userEnvironment() })
    .finished;
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} ended with exit code ${code}:\n${stdout}${stderr}`);
}

/** Why packages cannot be had from npm's registry here; `undefined` when they can. */
export function registryProblem(): string | undefined {
  const asked = spawnSync("npm", ["view", "zod", "version"], {
    env: { ...process.env, ...userEnvironment() },
    timeout: 20_000,
  });
  return asked.status === 0 ? undefined : "npm's registry cannot be reached from here";
}
