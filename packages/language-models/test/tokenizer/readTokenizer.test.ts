import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { beforeEach, describe, expect, test } from "vitest";
import { findTokenizer, readTokenizer } from "../../src/index.js";
import { kindsFolder, readCases } from "../support/tokenizerCases.js";

const inFolder = temporaryFolder();
const cases = readCases(join(kindsFolder, "cases.json"));

const write = async (path: string, contents: unknown) => {
  const text = typeof contents === "string" ? contents : JSON.stringify(contents);
  await mkdir(dirname(inFolder(path)), { recursive: true });
  await writeFile(inFolder(path), text);
};
const jsonOf = async (kind: string, file = "tokenizer.json") =>
  JSON.parse(await readFile(join(kindsFolder, kind, file), "utf8"));

/** Writes the vocabulary of a kind as the two files that GPT-2 was published in. */
const writeTwoFiles = async (kind: string, folder: string) => {
  const { model } = await jsonOf(kind);
  await write(join(folder, "vocab.json"), model.vocab);
  const merges = model.merges.map((merge: string[]) => `${merge.join(" ")}\n`);
  await write(join(folder, "merges.txt"), `#version: 0.2\n${merges.join("")}`);
};

describe("generation ends", () => {
  const eosTokenIds = async (files: Readonly<Record<string, unknown>>) => {
    await cp(join(kindsFolder, "smollm2"), inFolder(), { recursive: true });
    for (const [name, contents] of Object.entries(files)) await write(name, contents);
    return (await readTokenizer(inFolder())).eosTokenIds;
  };
  const several = { model_type: "llama", eos_token_id: [0, 1] };

  test.each<[string, Readonly<Record<string, unknown>>, number[]]>([
    [
      "at the tokens of generation_config.json",
      { "generation_config.json": { eos_token_id: [0, 2] } },
      [0, 2],
    ],
    ["at its only token", { "generation_config.json": { eos_token_id: 1 } }, [1]],
    [
      "at it rather than at those of config.json",
      { "config.json": several, "generation_config.json": { eos_token_id: 2 } },
      [2],
    ],
    ["at several tokens of config.json", { "config.json": several }, [0, 1]],
    [
      "at the tokenizer's token otherwise",
      { "config.json": { ...several, eos_token_id: 7 }, "generation_config.json": {} },
      [2],
    ],
  ])("%s", async (_, files, ids) => {
    expect(await eosTokenIds(files)).toEqual(ids);
  });

  test("nowhere by ids that are none", async () => {
    await expect(
      eosTokenIds({ "generation_config.json": { eos_token_id: "</s>" } }),
    ).rejects.toThrow(
      "generation_config.json: eos_token_id: expected a token id or a list of them.",
    );
  });
});

describe("a tokenizer that is read", () => {
  test("is written as it was, byte for byte", async () => {
    await cp(join(kindsFolder, "smollm2"), inFolder("in"), { recursive: true });
    await write("in/chat_template.jinja", "\ufeff{{ messages }}");
    await write("in/special_tokens_map.json", ' {"eos_token" : "<|im_end|>" }\n');
    await write("in/config.json", { model_type: "llama" });
    await write("in/generation_config.json", '{ "eos_token_id": [ 2, 0 ], "top_k": 5 }');
    const tokenizer = await readTokenizer(inFolder("in"));
    await rm(inFolder("in", "tokenizer.json"));
    await tokenizer.save(inFolder("out"), 64);
    const written = (await readdir(inFolder("out"))).sort();
    expect(written).toEqual([
      "chat_template.jinja",
      "generation_config.json",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    for (const name of written) {
      const from = name === "tokenizer.json" ? join(kindsFolder, "smollm2") : inFolder("in");
      expect((await readFile(inFolder("out", name))).equals(await readFile(join(from, name)))).toBe(
        true,
      );
    }
    const again = await readTokenizer(inFolder("out"));
    expect(again.name).toBe(tokenizer.name);
  });

  test("tells its special tokens, what it puts around texts, and its chat template", async () => {
    const smollm2 = await readTokenizer(join(kindsFolder, "smollm2"));
    expect(smollm2.vocabularySize).toBe(1500);
    expect(smollm2.special).toMatchObject({ bosId: 1, eosId: 2, padId: 2, unknownId: 0 });
    expect([...smollm2.special.ids]).toEqual(Array.from({ length: 17 }, (_, id) => id));
    expect(smollm2.around).toEqual({ before: [], after: [] });
    expect(smollm2.chatTemplate).toMatch(/^\{% for message in messages %\}<\|im_start\|>/);
    const llama2 = await readTokenizer(join(kindsFolder, "llama2"));
    expect(llama2.special).toMatchObject({ bosId: 1, eosId: 2, padId: undefined, unknownId: 0 });
    expect(llama2.around).toEqual({ before: [1], after: [] });
    expect(llama2.chatTemplate).toBeUndefined();
  });

  test("has its template from a file of its own, and the default one of several", async () => {
    await cp(join(kindsFolder, "qwen2"), inFolder(), { recursive: true });
    const templates = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "usual" },
    ];
    const config = await jsonOf("qwen2", "tokenizer_config.json");
    await write("tokenizer_config.json", { ...config, chat_template: templates });
    expect((await readTokenizer(inFolder())).chatTemplate).toBe("usual");
    await write("chat_template.jinja", "own");
    expect((await readTokenizer(inFolder())).chatTemplate).toBe("own");
  });

  test("leaves out ids that it does not know", async () => {
    const tokenizer = await readTokenizer(join(kindsFolder, "qwen2"));
    const [id = 0] = tokenizer.encode("a");
    expect(tokenizer.decode([id, 1_000_000, id])).toBe("aa");
  });

  test("reads half a character as the sign for what is none", async () => {
    const tokenizer = await readTokenizer(join(kindsFolder, "llama3"));
    expect(tokenizer.encode("a\ud83db\ude00c")).toEqual(tokenizer.encode("a\ufffdb\ufffdc"));
  });
});

describe("a folder", () => {
  test("without a tokenizer says what is wanted", async () => {
    await write("config.json", { model_type: "llama" });
    await write("tokenizer_config.json", {});
    expect(await findTokenizer(inFolder())).toBeUndefined();
    await expect(readTokenizer(inFolder())).rejects.toThrow(
      /\[MISSING_FILE\] There is no tokenizer in .*: expected tokenizer.json, or vocab.json and merges.txt/,
    );
    await expect(readTokenizer(inFolder("nowhere"))).rejects.toThrow(/MISSING_FILE/);
  });

  test.each([
    ["vocab.json", "{}", /has vocab.json, but no merges.txt/],
    ["merges.txt", "", /has merges.txt, but no vocab.json/],
    ["tokenizer.model", "", /has tokenizer.model, but no tokenizer.json. Write one/],
  ])("with %s alone says what is missing", async (name, contents, message) => {
    await write(name, contents);
    await expect(findTokenizer(inFolder())).rejects.toThrow(message);
    await expect(findTokenizer(inFolder())).rejects.toThrow(/MISSING_FILE/);
  });

  test.each<[string, (json: Record<string, Record<string, unknown>>) => unknown, RegExp]>([
    ["no JSON", () => "{", /tokenizer.json is not JSON/],
    ["no tokenizer", () => [], /no tokenizer that can be read/],
    ["Unigram", () => ({ model: { type: "Unigram", vocab: [] } }), /is a Unigram; only a BPE/],
    ["WordPiece", () => ({ model: { type: "WordPiece" } }), /is a WordPiece; only a BPE/],
    ["dropout", (json) => ({ ...json, model: { ...json.model, dropout: 0.1 } }), /model.dropout/],
    [
      "a suffix of words",
      (json) => ({ ...json, model: { ...json.model, end_of_word_suffix: "</w>" } }),
      /model.end_of_word_suffix/,
    ],
    [
      "a merge of an unknown token",
      (json) => ({ ...json, model: { ...json.model, merges: ["a b", "a zzz"] } }),
      /Merge \d needs the token "(ab|zzz|azzz)", which is not in the vocabulary/,
    ],
    [
      "a merge of three tokens",
      (json) => ({ ...json, model: { ...json.model, merges: ["a b c"] } }),
      /Merge 1 should be two tokens with a space between, but is "a b c"/,
    ],
    [
      "ids that are no whole numbers",
      (json) => ({ ...json, model: { ...json.model, vocab: { a: 0.5 } } }),
      /model.vocab: expected ids by token/,
    ],
    [
      "Lowercase",
      (json) => ({ ...json, normalizer: { type: "Lowercase" } }),
      /normalizer Lowercase; implemented are NFC/,
    ],
    [
      "Replace with a pattern",
      (json) => ({
        ...json,
        normalizer: { type: "Replace", pattern: { Regex: " +" }, content: "" },
      }),
      /normalizer Replace with a regular expression/,
    ],
    [
      "Punctuation",
      (json) => ({ ...json, pre_tokenizer: { type: "Punctuation", behavior: "Isolated" } }),
      /pre-tokenizer Punctuation, which is not implemented/,
    ],
    ["WordPiece's decoder", (json) => ({ ...json, decoder: { type: "WordPiece" } }), /WordPiece/],
    [
      "an unknown post-processor",
      (json) => ({ ...json, post_processor: { type: "Own" } }),
      /post-processor Own/,
    ],
    ...[
      ["lookbehind", "(?<=a)b", /a group \(\?<=/],
      ["a back reference", "(a)\\1", /\\1/],
      ["an anchor", "^a", /an unescaped \^/],
      ["a lazy repetition", "a+?", /a \? after a repetition/],
      ["a repetition of a group", "(ab)+", /a repetition of a group/],
      ["an intersection", "[a&&b]", /an intersection of classes/],
      ["a word boundary", "\\bword", /\\b/],
      ["nothing to match", "a*", /a pattern that matches no text at all/],
      ["an option for all of it", "(?i)a", /a group \(\?i\)/],
      ["a property that nobody knows", "\\p{Word}", /\\p\{Word\}/],
    ].map(
      ([name, pattern, message]): [
        string,
        (json: Record<string, Record<string, unknown>>) => unknown,
        RegExp,
      ] => [
        `a pattern with ${name}`,
        (json) => ({
          ...json,
          pre_tokenizer: {
            type: "Split",
            pattern: { Regex: pattern },
            behavior: "Isolated",
            invert: false,
          },
        }),
        message as RegExp,
      ],
    ),
  ])("with %s in its tokenizer.json is refused by name", async (_, change, message) => {
    await write("tokenizer.json", change(await jsonOf("qwen2")));
    await expect(readTokenizer(inFolder())).rejects.toThrow(message);
    await expect(readTokenizer(inFolder())).rejects.toThrow(/\[BAD_CHECKPOINT\] The tokenizer in /);
  });

  test("with two files of another class than those that are known is refused by name", async () => {
    await writeTwoFiles("qwen2", "");
    await write("tokenizer_config.json", { tokenizer_class: "RobertaTokenizer" });
    await expect(readTokenizer(inFolder())).rejects.toThrow(
      /no tokenizer.json, and how RobertaTokenizer cuts texts .* is not implemented/,
    );
    await rm(inFolder("tokenizer_config.json"));
    await write("config.json", { model_type: "opt" });
    await expect(readTokenizer(inFolder())).rejects.toThrow(/how opt cuts texts/);
  });

  test("whose special tokens are to be read as text is refused by name", async () => {
    await cp(join(kindsFolder, "qwen2"), inFolder(), { recursive: true });
    await write("tokenizer_config.json", { split_special_tokens: true });
    await expect(readTokenizer(inFolder())).rejects.toThrow(/split_special_tokens/);
  });
});

const noPython = pythonLacks("transformers");

describe.skipIf(noPython)(`beside transformers' AutoTokenizer ${noPython ?? ""}`, () => {
  const token = (content: string, flags = {}) => ({
    content,
    lstrip: false,
    rstrip: false,
    single_word: false,
    normalized: false,
    special: true,
    ...flags,
  });
  const folders: Readonly<Record<string, (folder: string) => Promise<void>>> = {
    "two files of a GPT-2": async (folder) => {
      await writeTwoFiles("smollm2", folder);
      await write(join(folder, "config.json"), { model_type: "gpt2" });
    },
    "two files of a Qwen2": async (folder) => {
      await writeTwoFiles("qwen2", folder);
      await write(join(folder, "config.json"), { model_type: "qwen2" });
      await write(join(folder, "tokenizer_config.json"), {
        tokenizer_class: "Qwen2Tokenizer",
        bos_token: null,
        eos_token: "<|im_end|>",
        pad_token: "<|endoftext|>",
        unk_token: null,
        added_tokens_decoder: {
          1500: token("<|endoftext|>"),
          1501: token("<|im_start|>"),
          1502: token("<|im_end|>"),
          1503: token("<tool_call>", { special: false }),
        },
      });
    },
    "added tokens beside two files": async (folder) => {
      await writeTwoFiles("smollm2", folder);
      await write(join(folder, "config.json"), { model_type: "gpt2" });
      await write(join(folder, "tokenizer_config.json"), {
        tokenizer_class: "GPT2Tokenizer",
        add_prefix_space: true,
        add_bos_token: true,
        bos_token: token("<|im_start|>", { __type: "AddedToken" }),
        eos_token: "<|im_end|>",
        unk_token: "<|endoftext|>",
        pad_token: "[PAD]",
        added_tokens_decoder: {
          0: token("<|endoftext|>"),
          1500: token("<sep>"),
          1501: token("[PAD]", { lstrip: true }),
          1502: token("caf\u00e9", { special: false, normalized: true }),
        },
      });
    },
    "the older files of added tokens": async (folder) => {
      await writeTwoFiles("smollm2", folder);
      await write(join(folder, "config.json"), { model_type: "gpt2" });
      await write(join(folder, "added_tokens.json"), { "<think>": 1501, "<sep>": 1500 });
      await write(join(folder, "special_tokens_map.json"), {
        bos_token: "<|endoftext|>",
        eos_token: token("<|im_end|>", { special: undefined }),
        additional_special_tokens: ["<sep>"],
      });
    },
    "special tokens that tokenizer.json does not list": async (folder) => {
      await write(join(folder, "tokenizer.json"), await jsonOf("llama3"));
      await write(join(folder, "tokenizer_config.json"), {
        tokenizer_class: "PreTrainedTokenizerFast",
        bos_token: "<|begin_of_text|>",
        eos_token: "</s>",
        pad_token: "<pad>",
        additional_special_tokens: ["<think>", "<|eot_id|>"],
      });
    },
  };

  beforeEach(async () => {
    for (const [name, make] of Object.entries(folders)) await make(name);
  });

  test("ids, special tokens and what is put around texts are the same", async () => {
    const program = `
import json, sys
from transformers import AutoTokenizer
told = {}
for name in json.loads(sys.argv[2]):
  tokenizer = AutoTokenizer.from_pretrained(sys.argv[1] + "/" + name)
  told[name] = {
    "ids": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in json.loads(open(sys.argv[3]).read())["texts"]],
    "around": tokenizer("")["input_ids"],
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id],
    "length": len(tokenizer),
  }
with open(sys.argv[4], "w") as file: json.dump(told, file)
print("{}")
`;
    const names = JSON.stringify(Object.keys(folders));
    const path = join(kindsFolder, "cases.json");
    runPython(program, inFolder(), names, path, inFolder("told.json"));
    const told = JSON.parse(await readFile(inFolder("told.json"), "utf8"));
    for (const name of Object.keys(folders)) {
      const tokenizer = await readTokenizer(inFolder(name));
      const { special, around } = tokenizer;
      const ids = cases.texts.map((text) => tokenizer.encode(text));
      const wrong = cases.texts.filter((_, i) => ids[i]?.join() !== told[name].ids[i].join());
      expect(wrong, name).toEqual([]);
      expect(
        {
          around: [...around.before, ...around.after],
          special: [special.bosId, special.eosId, special.padId, special.unknownId].map(
            (id) => id ?? null,
          ),
          length: tokenizer.vocabularySize,
        },
        name,
      ).toEqual({
        around: told[name].around,
        special: told[name].special,
        length: told[name].length,
      });
    }
  });
});
