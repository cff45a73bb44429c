import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A setup in a process of its own, which can be killed. */
export interface SetupProcess {
  /** Settles when the setup says something that contains `text`. */
  says(text: string): Promise<void>;
  /** Ends it and what it started, without warning. */
  kill(): Promise<void>;
}

/** Starts a setup with the environment of this process. */
export function startSetup(): SetupProcess {
  const script = fileURLToPath(new URL("./runSetup.mjs", import.meta.url));
  const child = spawn(process.execPath, [script], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const said: string[] = [];
  let onLine = () => {};
  createInterface(child.stdout).on("line", (line) => {
    said.push(line);
    onLine();
  });
  return {
    says: (text) =>
      new Promise((resolve) => {
        onLine = () => said.some((line) => line.includes(text)) && resolve();
        onLine();
      }),
    async kill() {
      if (child.pid === undefined) throw new Error("the setup did not start");
      process.kill(-child.pid, "SIGKILL"); // the whole group, with its pip
      await ended;
    },
  };
}
