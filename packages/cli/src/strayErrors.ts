import { pendingImports, pluginInCharge } from "@metalearn/core/inCharge";
import { failed } from "./exitCodes.js";

/**
 * Handles errors that nobody awaits. Those of a plugin's tracker, such as one thrown in a timer or a rejection
 * without a handler, are told once and do not end the run; all others end the process with their stack. A process
 * that would end because a promise is never settled says so.
 *
 * @returns a function that removes the handlers
 */
export function handleStrayErrors(): () => void {
  const told = new Set<string>();
  const onError = async (error: unknown) => {
    const part = pluginInCharge();
    if (!part?.startsWith("tracker ")) {
      if (part !== undefined) console.error(`An error of the ${part} that nobody handles:`);
      const { printError } = await import("./failure.js"); // late, so that help is quick
      process.exit(printError(error, true) || failed);
    }
    const message = error instanceof Error ? error.message : String(error);
    if (!told.has(part)) {
      console.error(`The ${part} failed; the run continues without it: ${message}`);
    }
    told.add(part);
  };
  // Node.js exits with 13 when nothing is left to happen, but the program still awaits a promise.
  const onExit = () => {
    if (process.exitCode !== 13) return;
    const [plugin] = pendingImports();
    const why = plugin
      ? `the import of the plugin "${plugin}" never ends. Does it await something at its top level?`
      : "something that it waits for never happens.";
    console.error(`metalearn has to stop before its work is done: ${why}`);
    process.exitCode = failed;
  };
  process.on("unhandledRejection", onError);
  process.on("uncaughtException", onError);
  process.on("exit", onExit);
  return () => {
    process.off("unhandledRejection", onError);
    process.off("uncaughtException", onError);
    process.off("exit", onExit);
  };
}
