import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOurs } from "./programs.js";
import type { SizeName } from "./sizes.js";

/** Files that the processes of one benchmark read. */
export interface WorkFolder {
  readonly path: string;
  /** A checkpoint of random weights, drawn when it is first asked for: that takes longer than to read them. */
  weights(size: SizeName): Promise<string>;
}

/** Calls `use` with a temporary folder, which is gone afterwards. */
export async function withWorkFolder(use: (folder: WorkFolder) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "metalearn-bench-"));
  const drawn = new Set<SizeName>();
  try {
    await use({
      path,
      async weights(size) {
        const checkpoint = join(path, size);
        if (!drawn.has(size)) {
          await runOurs("drawWeights.ts", ["--size", size, "--out", checkpoint]);
          drawn.add(size);
        }
        return checkpoint;
      },
    });
  } finally {
    await rm(path, { recursive: true });
  }
}
