import { appendFile, mkdir, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { MetaError, parseOptions, type TrackedRun, type Tracker } from "@metalearn/core";
import { z } from "zod";
import { measurements } from "../measurements.js";
import { fileVersion, restart, scalars, text } from "./events.js";

export const tensorboardOptions = z
  .strictObject({
    directory: z
      .string()
      .optional()
      .describe(
        "Folder of event files, relative to the config file; every run has a subfolder. Default: `tensorboard` in the directory of the run.",
      ),
  })
  .describe("Event files that TensorBoard reads.");

/** Options of {@link tensorboard}. */
export type TensorboardOptions = z.input<typeof tensorboardOptions>;

/**
 * Writes TensorBoard's event files: every number of a run's records, and its config as text. A resumed run
 * continues its curves: values that were written after the checkpoint are removed.
 *
 * @example tensorboard({ directory: "logs" }) // then: tensorboard --logdir logs
 * @throws MetaError `BAD_OPTION`
 */
export function tensorboard(options: TensorboardOptions = {}): Tracker {
  const { directory } = parseOptions(tensorboardOptions, options);
  let file: string | undefined;
  return {
    name: "tensorboard",

    async begin(run) {
      const folder = directory
        ? join(directory, basename(run.directory))
        : join(run.directory, "tensorboard");
      await mkdir(folder, { recursive: true });
      const earlier = (await readdir(folder)).filter((name) => name.includes(".tfevents."));
      // Alphabetical order of file names is their order in time, and names are unique.
      const age = (Date.now() / 1000).toFixed(3).padStart(14, "0");
      file = join(folder, `events.out.tfevents.${age}.${hostname()}.${process.pid}`);
      const seconds = Date.now() / 1000;
      const next = Number(run.history.at(-1)?.update ?? -1) + 1;
      const events =
        earlier.length > 0
          ? [restart({ seconds, step: next })]
          : [text({ seconds, step: 0 }, "config", configText(run)), ...run.history.map(points)];
      await appendFile(file, Buffer.concat([fileVersion({ seconds, step: 0 }), ...events]));
    },

    async log(record) {
      if (!file)
        throw new MetaError(
          "BAD_OPTION",
          "Expected begin() before log(). Call the tracker's begin first.",
        );
      await appendFile(file, points(record));
    },

    close() {},
  };
}

function points(record: Parameters<Tracker["log"]>[0]): Buffer {
  const { step, values } = measurements(record);
  return scalars({ seconds: Date.now() / 1000, step }, values);
}

function configText({ config, engine }: TrackedRun): string {
  const { name, version, device } = engine;
  const json = JSON.stringify(config, null, 2);
  return `${name} ${version} on ${device}\n\n${json.replaceAll(/^/gm, "    ")}`; // indented: code
}
