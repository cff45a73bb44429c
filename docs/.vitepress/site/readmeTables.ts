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
  if (what === "config") return configTable(toolkit, plain);
  const [, kind = "", names = ""] = /^(\w+) (.+)$/.exec(what) ?? [];
  return optionTable(toolkit, kind as Kind, names.split(/,\s*/), plain);
}

/** Links of a README are those of files, which have no page for a kind of component. */
const plain: LinkTo = (noun) => noun;
