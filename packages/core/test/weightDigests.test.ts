import { writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { expect, test } from "vitest";
import { weightDigests } from "../src/run/record/weightDigests.js";

const inFolder = temporaryFolder();

test("the digest of a file of weights is its SHA-256", async () => {
  const file = inFolder("model.safetensors");
  await writeFile(file, "abc");
  const weights = { files: [file], bytes: 3, types: {} };
  expect(await weightDigests({ weights })).toEqual({
    // FIPS 180-4, example of SHA-256.
    [file]: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  expect(await weightDigests({})).toBeUndefined();
});
