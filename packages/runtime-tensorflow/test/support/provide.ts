import { readdirSync } from "node:fs";
import { join } from "node:path";
import { provideLibTensorFlow } from "../../src/setup/provideLibTensorFlow.js";
import { setup } from "../../src/setup/setup.js";
import { withWorkDirectory } from "../../src/setup/workDirectory.js";
import type { Sandbox } from "./sandbox.js";

/** The part of a setup that provides TensorFlow's files: everything before the compiler. */
export async function provide({ force = false } = {}): Promise<{ isNew: boolean; said: string[] }> {
  const said: string[] = [];
  const notify = (message: string) => said.push(message);
  const { isNew } = await withWorkDirectory((workDirectory) =>
    provideLibTensorFlow({ cuda: false, force, workDirectory, notify }),
  );
  return { isNew, said };
}

/** A whole setup. */
export async function runSetup(): Promise<string[]> {
  const said: string[] = [];
  await setup({ cuda: false, force: false, notify: (message) => said.push(message) });
  return said;
}

/** Folders left behind by unfinished setups. */
export function workFolders({ cache }: Sandbox): string[] {
  return readdirSync(join(cache, "work"));
}
