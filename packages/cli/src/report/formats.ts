import { renderCsv } from "./csv.js";
import { renderLatex } from "./latex.js";
import { renderMarkdown } from "./markdown.js";
import { renderPage } from "./page.js";
import type { Report } from "./report.js";

/** How a report can be written. */
export const formats = {
  html: renderPage,
  md: renderMarkdown,
  csv: renderCsv,
  latex: renderLatex,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
} as const satisfies Readonly<Record<string, (report: Report) => string>>;

/** The name of a format. */
export type ReportFormat = keyof typeof formats;
