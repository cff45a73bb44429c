import { MetaError, unknownName } from "@metalearn/core";
import type { NamedRun } from "@metalearn/core/runs";
import type { Session } from "./session.js";

/** The runs with this name, one per seed. @throws MetaError `UNKNOWN_NAME` */
export function runsNamed(runs: Session["runs"], name: string): Session["runs"] {
  const [first, ...others] = runs.filter((run) => run.name === name);
  if (!first) throw unknownName("run", name, [...new Set(runs.map((run) => run.name))]);
  return [first, ...others];
}

/**
 * The run with this name and the first seed, or the only one there is.
 *
 * @throws MetaError `BAD_OPTION` when there are several and none is named; `UNKNOWN_NAME`
 */
export function chooseRun(runs: Session["runs"], name: string | undefined): NamedRun {
  if (name !== undefined) return runsNamed(runs, name)[0];
  const names = [...new Set(runs.map((run) => run.name))];
  if (names.length === 1) return runs[0];
  throw new MetaError(
    "BAD_OPTION",
    `The config has several runs. Choose one with --run: ${names.join(", ")}.`,
  );
}
