import { MetaError } from "@metalearn/core";
import { dataSupport, parseCount } from "../data/dataSupport.js";
import { onInterrupt } from "../interrupt.js";

/** Flags of `metalearn data download`. */
export interface DataDownloadFlags {
  readonly root: string;
  readonly repository?: string;
  readonly revision?: string;
  readonly shots: string;
}

/** Gets the files of a setting's tasks. The same command goes on where it was stopped. */
export async function downloadData(setting: string, flags: DataDownloadFlags): Promise<void> {
  const { root, repository, revision } = flags;
  const shots = parseCount("shots", flags.shots);
  const notify = (message: string) => console.error(message);
  const { signal, release } = onInterrupt(notify);
  try {
    const { download } = await dataSupport();
    const asked = { setting, root, repository, revision, shots, notify, signal };
    const { files, missing } = await download(asked);
    console.log(`${files} files of ${setting} are in ${root}.`);
    if (missing.length > 0) console.log(`Not in the data set: ${missing.join(", ")}`);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new MetaError(
      "INTERRUPTED",
      "The download stopped. Run the same command again to go on from there.",
      { cause },
    );
  } finally {
    release();
  }
}
