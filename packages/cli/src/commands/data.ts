import {
  type DataCommand,
  type DataCommandContext,
  type DataSupport,
  MetaError,
  parseOptions,
} from "@metalearn/core";
import { Command } from "commander";
import { askedPlugins } from "../askedPlugins.js";
import { findDataCommand } from "../data/findDataCommand.js";
import { addSchemaFlags } from "../data/schemaFlags.js";
import { type DataFlags, helpAfterError, withDataFlags } from "../flags.js";
import { onInterrupt } from "../interrupt.js";

/**
 * Adds or downloads data by a plugin's command.
 *
 * @param args arguments of the plugin's command
 */
export async function changeData(
  action: keyof DataSupport,
  args: readonly string[],
  flags: DataFlags,
): Promise<void> {
  const command = findDataCommand(await askedPlugins(flags), action, flags.for);
  await describeDataCommand(action, command).parseAsync(args, { from: "user" });
}

/** Builds the command-line command for a plugin's data command. */
export function describeDataCommand(action: keyof DataSupport, command: DataCommand): Command {
  const { argument, description, options, flags = {} } = command;
  const program = withDataFlags(new Command(`metalearn data ${action}`))
    .description(description)
    .argument(`<${argument.name}>`, argument.description)
    .showHelpAfterError(helpAfterError)
    .exitOverride();
  const given = addSchemaFlags(program, options, flags);
  return program.action(async (value: string) => {
    const checked = parseOptions(options, given());
    await run(action, (context) => command.run(value, checked, context));
  });
}

/** Runs a data command and prints its result, or stops when the user interrupts. */
async function run(
  action: keyof DataSupport,
  work: (context: DataCommandContext) => Promise<readonly string[]>,
): Promise<void> {
  const notify = (message: string) => console.error(message);
  const { signal, release } = onInterrupt(notify);
  try {
    for (const line of await work({ notify, signal })) console.log(line);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new MetaError(
      "INTERRUPTED",
      `data ${action} stopped. Run the same command again to resume.`,
      { cause },
    );
  } finally {
    release();
  }
}
