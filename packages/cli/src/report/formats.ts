import { printable } from "@metalearn/core";
import { renderCsv } from "./csv.js";
import type { ReportFormat } from "./formatNames.js";
import { renderLatex } from "./latex.js";
import { renderMarkdown } from "./markdown.js";
import { renderPage } from "./page.js";
import type { Report } from "./report.js";

/** Writers of a report, by format. */
export const formats = {
  html: renderPage,
  md: renderMarkdown,
  csv: renderCsv,
  latex: renderLatex,
  json: (report) => printable(`${JSON.stringify(report, null, 2)}\n`), // escapes of JSON as well
} as const satisfies Readonly<Record<ReportFormat, (report: Report) => unknown>>;
