import { printable } from "@metalearn/core";
import type { Report } from "./report.js";
import { sectionsOf } from "./sections.js";
import type { ReportTable } from "./tables.js";

/** Writes a report's tables in LaTeX, for `\usepackage{booktabs}`. */
export function renderLatex(report: Report): string {
  const warnings = report.warnings.map(
    (text) => `% Warning: ${printable(text.replaceAll(/\s+/g, " "))}\n`,
  );
  const tables = sectionsOf(report).map(
    ({ heading, table }) => `% ${printable(heading.replaceAll(/\s+/g, " "))}\n${latexTable(table)}`,
  );
  return `${warnings.join("")}${tables.join("\n")}`;
}

function latexTable({ head, rows, caption }: ReportTable): string {
  const line = (cells: readonly string[]) => `    ${cells.join(" & ")} \\\\`;
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\begin{tabular}{l${"r".repeat(head.length - 1)}}`,
    "    \\toprule",
    line(head.map(plain)),
    "    \\midrule",
    ...rows.map(({ cells, best = [] }) =>
      line(cells.map((cell, i) => (best.includes(i) ? `\\textbf{${plain(cell)}}` : plain(cell)))),
    ),
    "    \\bottomrule",
    "  \\end{tabular}",
    `  \\caption{${plain(caption)}}`,
    "\\end{table}",
    "",
  ].join("\n");
}

const commands: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "−": "$-$",
  "×": "$\\times$",
  "±": "$\\pm$",
};

/** Escapes text for LaTeX. */
function plain(text: string): string {
  return printable(text.replaceAll(/\s+/g, " ")).replaceAll(
    /[\\~^<>−×±&%$#_{}]/g,
    (character) => commands[character] ?? `\\${character}`,
  );
}
