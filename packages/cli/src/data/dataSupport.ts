import { type DataSupport, MetaError } from "@metalearn/core";
import { loadPlugins } from "@metalearn/core/runs";
import { officialPlugins } from "../session.js";

/** What the official plugins can do for data. @throws MetaError `MISSING_PLUGIN` */
export async function dataSupport(): Promise<DataSupport> {
  const plugins = await loadPlugins(officialPlugins);
  const found = plugins.find(({ data }) => data)?.data;
  if (found) return found;
  throw new MetaError("MISSING_PLUGIN", "No installed plugin can add or download data.");
}

/** A whole number of a flag. @throws MetaError `BAD_OPTION` */
export function parseCount(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new MetaError("BAD_OPTION", `--${flag} wants a whole number; came "${text}".`);
}
