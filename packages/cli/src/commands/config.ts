import { relative } from "node:path";
import { isMetaError, MetaError } from "@metalearn/core";
import { configJsonSchema, type NamedRun, resolveRun } from "@metalearn/core/runs";
import { runsNamed } from "../chosenRuns.js";
import type { ConfigFlags } from "../flags.js";
import { openSession, type Session, toolkitWithLaunchers } from "../session.js";

/** Flags of `metalearn config show`. */
export interface ShowConfigFlags extends ConfigFlags {
  readonly run?: string;
}

/** Checks every run of a config and prints the runs' names. */
export async function checkConfigFile(
  changes: readonly string[],
  flags: ConfigFlags,
): Promise<void> {
  const session = await openSession(flags.config, changes);
  const names = resolveAll(session).map(directoryName);
  const { launcher } = session.config;
  if (launcher) (await toolkitWithLaunchers(session)).check("launcher", launcher);
  const file = relative(process.cwd(), session.file ?? "");
  console.log(`${file} is valid. ${names.length === 1 ? "Its run" : `Its ${names.length} runs`}:`);
  for (const name of names) console.log(`  ${name}`);
}

/** Prints runs in full, each under the name of its directory. */
export async function showConfig(
  changes: readonly string[],
  flags: ShowConfigFlags,
): Promise<void> {
  const session = await openSession(flags.config, changes);
  const chosen = flags.run === undefined ? session.runs : runsNamed(session.runs, flags.run);
  const runs = resolveAll({ ...session, runs: chosen });
  const shown = Object.fromEntries(runs.map((run) => [directoryName(run), run.config]));
  console.log(JSON.stringify(shown, null, 2));
}

/** Prints the JSON Schema of config files. */
export async function printSchema(flags: ConfigFlags): Promise<void> {
  const session = flags.config === undefined ? { config: {} } : await openSession(flags.config, []);
  const toolkit = await toolkitWithLaunchers(session);
  console.log(JSON.stringify(configJsonSchema(toolkit), null, 2));
}

/** Resolves all runs, or throws with the problems of all of them. */
function resolveAll({ toolkit, runs }: Pick<Session, "toolkit" | "runs">): NamedRun[] {
  const mistakes = new Set<string>();
  const resolved = runs.flatMap((run) => {
    try {
      return [resolveRun(toolkit, run)];
    } catch (error) {
      if (!isMetaError(error)) throw error;
      mistakes.add(error.detail);
      return [];
    }
  });
  if (mistakes.size === 0) return resolved;
  throw new MetaError("BAD_CONFIG", [...mistakes].join("\n"));
}

function directoryName({ name, config }: NamedRun): string {
  return `${name}-seed${config.seed}`;
}
