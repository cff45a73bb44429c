import { constants, copyFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import { presetPath } from "@metalearn/core/runs";
import { presetFolder } from "../session.js";

/** Flags of `metalearn init`. */
export interface InitFlags {
  readonly preset: string;
}

/** Writes a preset as a config file. An existing file is left as it is. */
export async function init(file: string, { preset }: InitFlags): Promise<void> {
  const source = await presetPath(preset, presetFolder);
  const path = resolve(file);
  await copyFile(source, path, constants.COPYFILE_EXCL).catch((cause) => {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new MetaError("BAD_OPTION", `${file} exists already. Name another file.`, { cause });
  });
  const shown = relative(process.cwd(), path);
  const flag = file === "metalearn.config.yaml" ? "" : ` -c ${shown}`;
  console.log(`Wrote ${shown}, the preset ${preset}. Its first lines say what data it needs.`);
  console.log(`Next: metalearn config check${flag}`);
}
