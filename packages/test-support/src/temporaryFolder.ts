import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A fresh folder for each test of the surrounding suite; returns paths inside of it. */
export function temporaryFolder(): (...parts: readonly string[]) => string {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return (...parts) => join(folder, ...parts);
}
