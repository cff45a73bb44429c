import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  defineFactory,
  definePlugin,
  parseOptions,
  type Tracker,
  type TrackerRecord,
} from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have a tracker of this name. */
const name = "__component__";

const options = z.strictObject({
  file: z
    .string()
    .min(1)
    .default("numbers.csv")
    .describe("The file's name, in the directory of each run."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * Writes `update,metric,value` for every number that a run logs, into a file in its directory.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(given: __Factory__Options = {}): Tracker {
  const { file: fileName } = parseOptions(options, given);
  // A run that was killed logs its last records again when it resumes: they replace earlier ones.
  const lines = new Map<string, string>();
  let file = "";

  const add = ({ update, ...metrics }: TrackerRecord) => {
    for (const [metric, value] of Object.entries(metrics)) {
      if (typeof value !== "number" || Number.isNaN(value)) continue;
      const key = `${update},"${metric}"`;
      lines.set(key, `${key},${value}\n`);
    }
  };
  const write = () =>
    writeTextAtomically(file, ["update,metric,value\n", ...lines.values()].join(""));

  return {
    name,
    async begin(run) {
      await mkdir(run.directory, { recursive: true });
      file = join(run.directory, fileName);
      for (const record of run.history) add(record);
      await write();
    },
    async log(record) {
      add(record);
      await write();
    },
    close() {},
  };
}

export default definePlugin({
  name: "__package__",
  trackers: {
    [name]: defineFactory(options, __factory__),
  },
});
