import { counted, type DataCheck, type DataFinding, MetaError } from "@metalearn/core";
import { resolveRun } from "@metalearn/core/runs";
import { dataTable } from "../data/dataTable.js";
import type { ConfigFlags } from "../flags.js";
import { paint } from "../paint.js";
import { openSession } from "../session.js";

/** Flags of `metalearn data check`. */
export interface DataCheckFlags extends ConfigFlags {
  readonly json: boolean;
  readonly strict: boolean;
}

/** Reads the data of a config's tasks and prints what may distort results. */
export async function checkData(changes: readonly string[], flags: DataCheckFlags): Promise<void> {
  const { toolkit, runs, file } = await openSession(flags.config, changes);
  const { config } = resolveRun(toolkit, runs[0]);
  const scope = toolkit.open({
    seed: config.seed,
    references: { model: config.model, tasks: config.tasks },
    configFile: file,
    notify: (message) => console.error(message),
  });
  let found: DataCheck;
  try {
    const tasks = await scope.get("tasks");
    if (!tasks.check) {
      throw new MetaError("BAD_OPTION", `The tasks ${tasks.name} have no data to check.`);
    }
    found = await tasks.check();
  } finally {
    await scope.dispose();
  }
  const { findings } = found;
  const warnings = findings.filter(({ severity }) => severity === "warning").length;
  if (flags.json) console.log(JSON.stringify(found, null, 2));
  else {
    console.log(dataTable(found));
    for (const finding of findings) console.log(lineOf(finding));
    console.log(
      `${counted(warnings, "warning")}, ${counted(findings.length - warnings, "remark")}`,
    );
  }
  if (flags.strict && warnings > 0) {
    throw new MetaError("BAD_DATA", `The data has ${counted(warnings, "warning")}.`);
  }
}

function lineOf({ topic, severity, tasks, message }: DataFinding): string {
  const mark = paint(severity === "warning" ? "yellow" : "dim", topic.padEnd(10), process.stdout);
  return `${mark}  ${topic === "missing" ? "" : `${tasks[0]}: `}${message}`;
}
