import { execFileSync } from "node:child_process";
import { copyFile, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { findWeights } from "../src/auto/findWeights.js";
import * as header from "../src/gguf/ggufHeader.js";
import { openGguf, readTokenizer, requireConfig, storedShapes } from "../src/index.js";

vi.mock("../src/gguf/ggufHeader.js", { spy: true });

const inFolder = temporaryFolder();
const fixture = (name: string) => join(import.meta.dirname, "fixtures/gguf", name);

test("a GGUF file is known by its first bytes, whatever its name", async () => {
  await copyFile(fixture("qwen2.gguf"), inFolder("blob"));
  expect(await findWeights(inFolder("blob"))).toMatchObject({ kind: "model", modelType: "qwen2" });
  expect((await storedShapes(inFolder("blob"), "model.")).get("norm.weight")).toEqual([32]);
  expect((await readTokenizer(inFolder("blob"))).vocabularySize).toBe(64);
});

test("a GGUF file's header is parsed once for all that is read of it, and again when the file changes", async () => {
  const path = inFolder("model.gguf");
  await copyFile(fixture("qwen2.gguf"), path);
  const parse = vi.mocked(header.parseGgufHeader);
  parse.mockClear();
  const typeOf = async () =>
    (await requireConfig(path, z.looseObject({ model_type: z.string() }), "model")).model_type;
  expect(await typeOf()).toBe("qwen2");
  await readTokenizer(path);
  await storedShapes(path, "model.");
  await (await openGguf(path)).close();
  expect(parse).toHaveBeenCalledTimes(1);
  // Another file in its place, with the same times.
  const { atime, mtime } = await stat(path);
  await copyFile(fixture("qwen3.gguf"), path);
  await utimes(path, atime, mtime);
  expect(await typeOf()).toBe("qwen3");
  expect(parse).toHaveBeenCalledTimes(2);
});

test("what is no checkpoint is said", async () => {
  await mkdir(inFolder("empty"));
  await expect(findWeights(inFolder("empty"))).rejects.toThrow(
    `[MISSING_FILE] There is no model in ${inFolder("empty")}: expected config.json with model.safetensors or pytorch_model.bin, or a GGUF file.`,
  );
  await expect(findWeights(inFolder("none"))).rejects.toThrow(
    `[MISSING_FILE] There is no checkpoint ${inFolder("none")}. A model on the hub is named owner/name, such as`,
  );
  await writeFile(inFolder("model.gguf"), "no GGUF");
  await expect(findWeights(inFolder("model.gguf"))).rejects.toThrow("it does not begin with GGUF");
});

test.skipIf(process.platform === "win32")(
  "a pipe or a device is refused without reading it",
  async () => {
    execFileSync("mkfifo", [inFolder("pipe")]);
    for (const path of [inFolder("pipe"), "/dev/zero"]) {
      await expect(findWeights(path)).rejects.toThrow(
        `[BAD_CHECKPOINT] Expected a folder or a file as checkpoint, got ${path}, which is a pipe, a socket or a device.`,
      );
    }
  },
);
