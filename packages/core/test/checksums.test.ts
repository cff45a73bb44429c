import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test } from "vitest";
import { verifyChecksums, writeChecksums } from "../src/checkpoint/checksums.js";

const inFolder = temporaryFolder();

test("a checkpoint is whole where its files, or their folders, have become symbolic links", async () => {
  await mkdir(inFolder("checkpoint/model"), { recursive: true });
  await writeFile(inFolder("checkpoint/training.json"), "{}");
  await writeFile(inFolder("checkpoint/model/a"), "a");
  await writeFile(inFolder("checkpoint/model/b"), "b");
  await writeChecksums(inFolder("checkpoint"));
  await rename(inFolder("checkpoint/training.json"), inFolder("moved.json"));
  await symlink(inFolder("moved.json"), inFolder("checkpoint/training.json"));
  await rename(inFolder("checkpoint/model"), inFolder("store"));
  await symlink(inFolder("store"), inFolder("checkpoint/model"));
  await verifyChecksums(inFolder("checkpoint"));
  await writeFile(inFolder("store/a"), "x");
  await expect(verifyChecksums(inFolder("checkpoint"))).rejects.toThrow(
    "model/a is not what was written",
  );
  await rm(inFolder("store/a"));
  await expect(verifyChecksums(inFolder("checkpoint"))).rejects.toThrow("model/a is missing");
});
