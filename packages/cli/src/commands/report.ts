import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MetaError } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import { z } from "zod";
import { paint } from "../paint.js";
import { buildReport } from "../report/buildReport.js";
import { findRuns } from "../report/findRuns.js";
import type { ReportFormat } from "../report/formatNames.js";
import { formats } from "../report/formats.js";
import type { ReportText } from "../report/report.js";

/** Flags of `metalearn report`. */
export interface ReportFlags {
  readonly format: ReportFormat;
  readonly output?: string;
}

/** Writes the report of all finished runs in a folder: HTML to a file in it, other formats to stdout. */
export async function report(path: string, { format, output }: ReportFlags): Promise<void> {
  const { finished, unfinished, damaged } = await findRuns(path);
  const text = await readText(path);
  const missing = unfinished.map((directory) => `Not finished, and left out: ${directory}.`);
  const broken = damaged.map(({ problem }) => `Damaged, and left out: ${problem}`);
  for (const warning of broken) console.error(paint("yellow", warning, process.stderr));
  const content = formats[format](await buildReport(finished, text, [...broken, ...missing]));
  const file = output ?? (format === "html" ? join(path, "report.html") : undefined);
  if (file === undefined) {
    process.stdout.write(content);
    return;
  }
  try {
    await writeTextAtomically(resolve(file), content);
  } catch (cause) {
    throw new MetaError("MISSING_FILE", `Cannot write ${file}. Does its folder exist?`, { cause });
  }
  console.log(`Report: ${relative(process.cwd(), file)}  (${pathToFileURL(resolve(file))})`);
}

const textSchema = z.object({ title: z.string().optional(), note: z.string().optional() });

/** Title and note of the comparison that was written to this folder. */
async function readText(folder: string): Promise<ReportText> {
  try {
    const file = await readFile(join(folder, "comparison.json"), "utf8");
    return textSchema.parse(JSON.parse(file));
  } catch {
    return {}; // a single run, or a sweep's folder
  }
}
