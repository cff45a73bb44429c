import type { Kind } from "@metalearn/core";
import type { Toolkit } from "@metalearn/core/runs";
import { configTable, optionTable } from "./options.js";
import type { LinkTo } from "./values.js";

/**
 * A README with its tables of options as the schemas have them. A table stands between
 * `<!-- options: optimizer sgd, adam -->`, or `<!-- options: config -->`, and `<!-- /options -->`.
 *
 * @throws Error for a table that does not end
 */
export function withOptionTables(readme: string, toolkit: Toolkit): string {
  const tables = readme.replace(
    /(<!-- options: (.+?) -->\n)(.*?)(<!-- \/options -->)/gs,
    (_, begin: string, what: string, __, end: string) =>
      `${begin}\n${tableOf(what, toolkit)}\n\n${end}`,
  );
  const [begun, ended] = [/<!-- options: /g, /<!-- \/options -->/g].map(
    (mark) => tables.match(mark)?.length ?? 0,
  );
  if (begun !== ended) throw new Error("A table of options does not end: <!-- /options -->");
  return tables;
}

function tableOf(what: string, toolkit: Toolkit): string {
  if (what === "config") return aligned(configTable(toolkit, plain));
  const [, kind = "", names = ""] = /^(\w+) (.+)$/.exec(what) ?? [];
  return aligned(optionTable(toolkit, kind as Kind, names.split(/,\s*/), plain));
}

/** Pads the cells of a table to columns, as the formatter does. */
function aligned(table: string): string {
  const rows = table.split("\n").map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const isRule = (_: unknown, row: number) => row === 1;
  const cells = rows.filter((row, i) => !isRule(row, i));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row, i) =>
      widths.map((width, column) =>
        isRule(row, i) ? "-".repeat(width) : (row[column] ?? "").padEnd(width),
      ),
    )
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** Links of a README are those of files, which have no page for a kind of component. */
const plain: LinkTo = (noun) => noun;
