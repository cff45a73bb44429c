import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tokenizer } from "@metalearn/core";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { byteTokenizer, gpt2, gpt2Tokenizer } from "../src/index.js";

const inFolder = temporaryFolder();

/** Ids of Hugging Face's tokenizers; test/oracle/README.md says how they are made. */
const numbers = join(import.meta.dirname, "../../../test/oracle/numbers/tokenizers/gpt2.json");

test("GPT-2's tokenizer equals Hugging Face's", async () => {
  const { cases }: { cases: Record<string, number[]> } = JSON.parse(
    await readFile(numbers, "utf8"),
  );
  expect(Object.keys(cases).length).toBeGreaterThan(30);
  for (const [text, ids] of Object.entries(cases)) expect(gpt2Tokenizer.encode(text)).toEqual(ids);
});

/** One of 5,000 ideographs, in no order. */
const ideograph = (i: number) => String.fromCharCode(0x4e00 + ((i * 7919) % 5000));

describe("GPT-2's tokenizer", () => {
  test("reads the end-of-text mark as its special token", () => {
    expect(gpt2Tokenizer.encode("a<|endoftext|>")).toEqual([64, 50256]);
  });

  test.each([
    ["a letter", "a".repeat(200_000)],
    ["ideographs", Array.from({ length: 60_000 }, (_, i) => ideograph(i)).join("")],
    ["spaces", " ".repeat(200_000)],
  ])("reads a run of %s without a break, whole or in part", (_, text) => {
    const { user } = process.cpuUsage();
    const ids = gpt2Tokenizer.encode(text);
    expect(gpt2Tokenizer.decode(ids) === text).toBe(true);
    expect(gpt2Tokenizer.encodeStart(text, 500)).toEqual(ids.slice(0, 500));
    expect(gpt2Tokenizer.encodeEnd(text, 500)).toEqual(ids.slice(-500));
    expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(8); // the square of it takes far longer
  });

  test("gives back any text", () => {
    const text = "naïve 東京 \u{1f600}\n\n\n  tabs\t";
    expect(gpt2Tokenizer.decode(gpt2Tokenizer.encode(text))).toBe(text);
  });
});

describe("the byte tokenizer", () => {
  test("has one token per byte of UTF-8", () => {
    expect(byteTokenizer.encode("a\né")).toEqual([97, 10, 0xc3, 0xa9]);
  });

  test("reads one end of a text, be it half a character", () => {
    for (const text of ["aé東\u{1f600}b", "\u{1f600}".repeat(3), "\ud83da\ude00", ""]) {
      const ids = byteTokenizer.encode(text);
      for (let limit = 0; limit <= ids.length + 1; limit++) {
        expect(byteTokenizer.encodeStart(text, limit)).toEqual(ids.slice(0, limit));
        const end = ids.slice(Math.max(0, ids.length - limit));
        expect(byteTokenizer.encodeEnd(text, limit)).toEqual(end);
      }
    }
  });

  test("gives back any text", () => {
    expect(byteTokenizer.decode(byteTokenizer.encode("東京\n"))).toBe("東京\n");
  });
});

test("GPT-2's tokenizer is written as it was published, byte for byte", async () => {
  await gpt2Tokenizer.save?.(inFolder(), 1024);
  const hashes = ["vocab.json", "merges.txt"].map(async (name) =>
    createHash("sha256")
      .update(await readFile(inFolder(name)))
      .digest("hex"),
  );
  // encoder.json and vocab.bpe of Radford et al. 2019, as tiktoken's openai_public.py pins them.
  expect(await Promise.all(hashes)).toEqual([
    "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
  ]);
});

test("the byte tokenizer is written as one without merges", async () => {
  await byteTokenizer.save?.(inFolder(), 64);
  expect(await readFile(inFolder("merges.txt"), "utf8")).toBe("#version: 0.2\n");
  const vocabulary = JSON.parse(await readFile(inFolder("vocab.json"), "utf8"));
  // A space and a line end are not printable: the 33rd and the 11th such byte, from U+0100 on.
  expect(vocabulary).toMatchObject({ A: 65, Ā: 0, Ċ: 10, Ġ: 32, ÿ: 255 });
  expect(Object.keys(vocabulary)).toHaveLength(256);
});

const texts = [
  "Hello world",
  "",
  " ",
  "  leading and   inner spaces  ",
  "line\n\n\nends\r\n\ttabs\t\t",
  "I'll we've they're isn't I'M HE'S",
  "1234567890 3.14159 1,000,000 2^10",
  "snake_case camelCase kebab-case {json: [1, 2]} </html> a=b;//c",
  "naïve café Ünïcödé ﬁ",
  "東京は日本の首都です。 мир العالم हिन्दी ไทย 한국어",
  "emoji 😀👩‍👩‍👧‍👦🏳️‍🌈 ✓ №",
  "\u00a0no-break\u2003em\u200bzero\ufeff",
  "\u0000\u0001\u007f\u0080\u00ad\u00ff control",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa !!!!!!!!????",
  "e\u0301 combining \u1e9b\u0323",
  "spaces of other kinds \ufeff\ufeffa \u0085b\u001c\u001dc\u2028 \u180e'\u017f",
];

const special = ["one<|endoftext|>two", "<|endoftext|>", " <|endoftext|> <|endoftext|>"];

const noPython = pythonLacks("transformers", "torch");

test.skipIf(noPython)(
  `transformers' AutoTokenizer gives the ids of ours in a model's folder ${noPython ?? ""}`,
  async () => {
    const tokenizers = { gpt2: gpt2Tokenizer, byte: byteTokenizer };
    for (const [name, tokenizer] of Object.entries(tokenizers)) {
      const { vocabularySize } = tokenizer;
      const model = gpt2(
        { vocabularySize, maxTokens: 32, width: 4, heads: 1, layers: 1 },
        tokenizer,
      );
      await model.save?.(await model.init(1), inFolder(name));
    }
    const asked = [...texts, ...special];
    const program = `
import json, sys
from transformers import AutoTokenizer
told = {}
for name in ["gpt2", "byte"]:
  tokenizer = AutoTokenizer.from_pretrained(sys.argv[1] + "/" + name)
  ids = [tokenizer(text)["input_ids"] for text in json.loads(sys.argv[2])]
  told[name] = {
    "ids": ids,
    "texts": [tokenizer.decode(of, clean_up_tokenization_spaces=False) for of in ids],
    "length": len(tokenizer),
    "maxTokens": tokenizer.model_max_length,
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id],
  }
print(json.dumps(told))
`;
    const wanted = (tokenizer: Tokenizer, id: number | null) => ({
      ids: asked.map((text) => tokenizer.encode(text)),
      texts: asked,
      length: tokenizer.vocabularySize,
      maxTokens: 32,
      special: [id, id, id],
    });
    expect(runPython(program, inFolder(), JSON.stringify(asked))).toEqual({
      gpt2: wanted(gpt2Tokenizer, 50_256),
      byte: wanted(byteTokenizer, null),
    });
  },
);
