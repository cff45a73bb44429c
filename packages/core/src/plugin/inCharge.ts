import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<string>();

/**
 * Runs code of a plugin, so that what it leaves behind, such as a timer or a rejection that nobody handles, can be
 * told by its name ({@link pluginInCharge}).
 *
 * @param title for messages, such as `tracker mlflow`
 */
export function inCharge<T>(title: string, run: () => T): T {
  return storage.run(title, run);
}

/** The plugin's part whose code is running, or began what is running; nothing outside of plugins. */
export function pluginInCharge(): string | undefined {
  return storage.getStore();
}

/** Plugins whose import has begun and not ended. */
const importing = new Set<string>();

/** Names of the plugins that are being imported. */
export function pendingImports(): readonly string[] {
  return [...importing];
}

/** Runs the import of a plugin, in its charge. */
export async function importInCharge<T>(name: string, load: () => Promise<T>): Promise<T> {
  importing.add(name);
  try {
    return await inCharge(`plugin ${name}`, load);
  } finally {
    importing.delete(name);
  }
}
