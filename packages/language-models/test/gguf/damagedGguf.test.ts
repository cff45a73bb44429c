import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomFor } from "@metalearn/core";
import { damaged, tryDamaged } from "@metalearn/test-support/damaged";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, test } from "vitest";
import { openGguf } from "../../src/index.js";

const inFolder = temporaryFolder();
/** Of the 2 bits and scales of Q2_K. */
const mostPerByte = 256 / 84;

describe("a damaged GGUF file is read or refused, whatever the damage", () => {
  test.each(["llama", "llama-biases", "llama3", "qwen2", "qwen3", "gpt2"])("(%s)", async (name) => {
    const whole = readFileSync(join(import.meta.dirname, `../fixtures/gguf/${name}.gguf`));
    const headerEnd = whole.lastIndexOf("output_norm") + 64;
    await tryDamaged(
      inFolder("damaged.gguf"),
      openGguf,
      (seed) => {
        const random = randomFor(seed, name);
        return random.uniform() < 0.1
          ? damaged(whole, random)
          : Buffer.concat([
              damaged(whole.subarray(0, headerEnd), random),
              whole.subarray(headerEnd),
            ]);
      },
      mostPerByte,
    );
  });
});
