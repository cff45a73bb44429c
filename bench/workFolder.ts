import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOurs } from "./programs.js";
import type { LlamaSizeName, SizeName } from "./sizes.js";

/** Files that the processes of one benchmark share. */
export interface WorkFolder {
  readonly path: string;
  /** Checkpoint of random weights, which are drawn at the first use: drawing takes longer than reading. */
  weights(size: SizeName | LlamaSizeName): Promise<string>;
}

/** Temporary folder that is removed when this process ends. */
export function openWorkFolder(): WorkFolder {
  const path = mkdtempSync(join(tmpdir(), "metalearn-bench-"));
  process.once("exit", () => rmSync(path, { recursive: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(130));
  }
  const drawn = new Set<string>();
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
