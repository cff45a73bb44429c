import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import {
  createToolkit,
  type NamedRun,
  type RunOptions,
  readWritten,
  runPath,
  runSchema,
} from "@metalearn/core/runs";
import { z } from "zod";
import { loadListed } from "../listedPlugins.js";
import type { Session } from "../session.js";

/** JSON list of runs that `metalearn work` reads in other processes. */
const workListSchema = z.strictObject({
  plugins: z.array(z.string()),
  configFile: z.string().optional(),
  out: z.string(),
  runs: z.array(z.strictObject({ name: z.string(), config: runSchema })).min(1),
});

type WorkList = z.output<typeof workListSchema>;

/**
 * Writes a list of runs. Its name is a hash of its content: workers that start late read the list they were
 * given, and a launcher recognizes a comparison that it has already started.
 *
 * @param runs checked and with their defaults filled in
 * @returns its path
 */
export async function writeWorkList(
  { toolkit, file }: Pick<Session, "toolkit" | "file">,
  runs: readonly NamedRun[],
  out: string,
): Promise<string> {
  const list: WorkList = {
    plugins: toolkit.plugins.map((plugin) => plugin.origin ?? plugin.name),
    ...(file !== undefined && { configFile: resolve(file) }),
    out: resolve(out),
    runs: [...runs],
  };
  const text = `${JSON.stringify(list, null, 2)}\n`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const path = join(list.out, "work", `${hash}.json`);
  await writeTextAtomically(path, text);
  return path;
}

/** Reads one run of a list. @throws MetaError `MISSING_FILE`; `BAD_DATA`; `BAD_OPTION` */
export async function openWork(path: string, index: string): Promise<RunOptions> {
  const list = await readWritten(path, workListSchema);
  if (!list) throw new MetaError("MISSING_FILE", `Cannot read the list of runs ${path}.`);
  const { plugins, configFile, out, runs } = list;
  const run = runs[Number(index)];
  if (!run) {
    throw new MetaError("BAD_OPTION", `${path} has runs 0 to ${runs.length - 1}, but no ${index}.`);
  }
  const toolkit = createToolkit(await loadListed({ plugins, configFile }));
  return { ...run, toolkit, configFile, directory: runPath(out, run) };
}
