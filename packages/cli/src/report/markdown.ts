import { printable } from "@metalearn/core";
import type { Report } from "./report.js";
import { sectionsOf } from "./sections.js";
import type { ReportTable } from "./tables.js";

/** Writes a report in GitHub's Markdown. */
export function renderMarkdown(report: Report): string {
  const { title, note, warnings } = report;
  const parts = [
    `# ${plain(title)}`,
    ...(note ? [plain(note)] : []),
    ...(warnings.length > 0
      ? ["## Warnings", warnings.map((text) => `- ${plain(text)}`).join("\n")]
      : []),
    ...sectionsOf(report).flatMap(({ heading, table }) => [
      `## ${plain(heading)}`,
      markdownTable(table),
      plain(table.caption),
    ]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function markdownTable({ head, rows }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head.map(plain)),
    line(head.map((_, i) => (i === 0 ? "---" : "---:"))),
    ...rows.map(({ cells, best = [] }) =>
      line(cells.map((cell, i) => (best.includes(i) ? `**${plain(cell)}**` : plain(cell)))),
    ),
  ].join("\n");
}

/** Escapes text for Markdown. */
function plain(text: string): string {
  return printable(text.replaceAll(/\s+/g, " ")).replaceAll(/[\\`*_[\]<>|#~]/g, "\\$&");
}
