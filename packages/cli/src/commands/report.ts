import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MetaError } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
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
  const { finished, unfinished } = await findRuns(path);
  const text = await readText(path);
  const content = formats[format](await buildReport(finished, text, unfinished));
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

/** Title and note of the comparison that was written to this folder. */
async function readText(folder: string): Promise<ReportText> {
  try {
    const file = await readFile(join(folder, "comparison.json"), "utf8");
    const { title, note } = JSON.parse(file) as ReportText;
    return { title, note };
  } catch {
    return {}; // a single run, or a sweep's folder
  }
}
