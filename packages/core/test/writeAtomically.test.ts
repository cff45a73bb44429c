import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { writeAtomically, writeTextAtomically } from "../src/checkpoint/files.js";

const inFolder = temporaryFolder();

/** Dies, as by `kill -9`, when everything is written and only the renaming is left to do. */
const dying = `
import { readFileSync, writeFileSync } from "node:fs";
import { createJiti } from "jiti";
const { writeAtomically } = await createJiti(process.cwd()).import("./src/checkpoint/files.ts");
await writeAtomically(process.argv[1], async (temporary) => {
  writeFileSync(temporary, "new");
  process.kill(process.pid, "SIGKILL");
});
`;

describe("writing a file", () => {
  test("puts it in place of the old one, in folders that need not exist", async () => {
    const path = inFolder("a/b/file.txt");
    await writeTextAtomically(path, "old");
    await writeTextAtomically(path, "neu, größer");
    expect(await readFile(path, "utf8")).toBe("neu, größer");
    expect(await readdir(inFolder("a/b"))).toEqual(["file.txt"]);
  });

  test("leaves the old one whole until the new one is complete", async () => {
    const path = inFolder("file.txt");
    await writeFile(path, "old");
    await writeAtomically(path, async (temporary) => {
      await writeFile(temporary, "ne");
      expect(await readFile(path, "utf8")).toBe("old");
      await writeFile(temporary, "new");
    });
    expect(await readFile(path, "utf8")).toBe("new");
  });

  test("that fails leaves the old one and nothing else", async () => {
    const path = inFolder("file.txt");
    await writeFile(path, "old");
    const writing = writeAtomically(path, async (temporary) => {
      await writeFile(temporary, "ne");
      throw new Error("the disk is full");
    });
    await expect(writing).rejects.toThrow("the disk is full");
    expect(await readdir(inFolder())).toEqual(["file.txt"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  test("that is killed before the renaming leaves the old one", async () => {
    const path = inFolder("file.txt");
    await writeFile(path, "old");
    const { signal, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", dying, path],
      { cwd: join(import.meta.dirname, ".."), encoding: "utf8" },
    );
    expect({ signal, stderr }).toEqual({ signal: "SIGKILL", stderr: "" });
    expect(await readFile(path, "utf8")).toBe("old");
    // The new one was there, under a name that nobody looks at.
    const [temporary] = (await readdir(inFolder())).filter((name) => name !== "file.txt");
    expect(temporary).toMatch(/^\.file\.txt\.\w+\.tmp$/);
    expect(await readFile(inFolder(temporary as string), "utf8")).toBe("new");
  });
});

test("a folder that cannot be written in full is not there at all", async () => {
  const writing = writeAtomically(inFolder("checkpoint"), async (temporary) => {
    await mkdir(temporary);
    await writeFile(join(temporary, "first"), "1");
    throw new Error("killed");
  });
  await expect(writing).rejects.toThrow("killed");
  expect(await readdir(inFolder())).toEqual([]);
});
