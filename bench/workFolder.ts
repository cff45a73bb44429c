import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOurs } from "./programs.js";
import type { SizeName } from "./sizes.js";

/** Files that the processes of one benchmark read. */
export interface WorkFolder {
  readonly path: string;
  /**
   * A checkpoint of random weights. They are drawn when they are first asked for, which takes longer
   * than to read them.
   */
  weights(size: SizeName): Promise<string>;
}

/** A temporary folder that is gone when this process ends. */
export function openWorkFolder(): WorkFolder {
  const path = mkdtempSync(join(tmpdir(), "metalearn-bench-"));
  process.once("exit", () => rmSync(path, { recursive: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(130));
  }
  const drawn = new Set<SizeName>();
  return {
    path,
    async weights(size) {
      const checkpoint = join(path, size);
      if (!drawn.has(size)) {
        await runOurs("drawWeights.ts", ["--size", size, "--out", checkpoint]);
        drawn.add(size);
      }
      return checkpoint;
    },
  };
}
