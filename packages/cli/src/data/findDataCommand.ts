import {
  type DataCommand,
  type DataSupport,
  MetaError,
  type Plugin,
  unknownName,
} from "@metalearn/core";

/**
 * Finds the plugin command that handles the data of some tasks.
 *
 * @param tasks name of the tasks in a config; needed when several plugins have such a command
 * @throws MetaError `MISSING_PLUGIN` when there is none; `UNKNOWN_NAME`; `BAD_OPTION` for several
 */
export function findDataCommand(
  plugins: readonly Plugin[],
  action: keyof DataSupport,
  tasks: string | undefined,
): DataCommand {
  const found = plugins.flatMap(({ data = {} }) =>
    Object.entries(data).flatMap(([name, { [action]: command }]) =>
      command ? [{ name, command }] : [],
    ),
  );
  const names = found.map(({ name }) => name);
  if (names.length === 0) {
    throw new MetaError("MISSING_PLUGIN", `No loaded plugin can ${action} data.`);
  }
  const chosen = found.filter(({ name }) => tasks === undefined || name === tasks);
  const [first, second] = chosen;
  if (!first) throw unknownName(`tasks to ${action} data for`, `${tasks}`, names);
  if (!second) return first.command;
  throw new MetaError(
    "BAD_OPTION",
    tasks === undefined
      ? `Several plugins can ${action} data. Choose whose with --for: ${names.join(", ")}.`
      : `Several plugins can ${action} data for ${tasks}. List only one of them.`,
  );
}
