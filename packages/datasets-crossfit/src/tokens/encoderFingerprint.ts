import { createHash } from "node:crypto";
import { messageOf, type Tokenizer } from "@metalearn/core";
import type { Example } from "../data/example.js";
import type { EncoderOptions, ExampleEncoder } from "../prompt/exampleEncoder.js";

/**
 * Hash of an encoder's behaviour: its options, its tokenizer's vocabulary, and its tokens for difficult
 * texts. It changes when a tokenizer is retrained under the same name, and when the code of prompts changes.
 */
export function encoderFingerprint(
  encoder: ExampleEncoder,
  { tokenizer, format, template, maxExampleTokens }: EncoderOptions,
): string {
  const { name, vocabularySize } = tokenizer;
  const { method, style, separatorCompat } = format;
  const hash = createHash("sha256");
  const options = { name, vocabularySize, method, style, separatorCompat, maxExampleTokens };
  hash.update(JSON.stringify({ ...options, template })); // equal for no templates and for no template of this task
  for (let id = 0; id < vocabularySize; id++) hash.update(`${textOf(tokenizer, id)}\0`);
  for (const text of probes) hash.update(JSON.stringify(attempt(() => tokenizer.encode(text))));
  for (const example of probeExamples) {
    for (const task of ["probe", "inst:probe", "inst:piqa"]) {
      for (const first of [true, false]) {
        hash.update(JSON.stringify(attempt(() => encoder.answered(example, { task, first }))));
      }
    }
  }
  return hash.digest("hex");
}

/** Text of a token; vocabularies may have gaps. */
function textOf(tokenizer: Tokenizer, id: number): string {
  return String(attempt(() => tokenizer.decode([id])));
}

/** Result of `work`, or its error's message: a tiny limit has no room for the probes. */
function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return messageOf(error);
  }
}

const probes: readonly string[] = [
  "The quick brown fox jumps over the lazy dog; it's what they'd've done, isn't it?",
  "  two spaces\n\nlines\r\n\n\n\ttabs\u00a0and a trailing space ",
  "In 1984, 3.14159 and 1,000,000 of them cost $12.50 (or 50%) at 10:45:30 p.m.",
  "Donaudampfschifffahrtsgesellschaft antidisestablishmentarianism xqzjwvk aaaaaaaaaaaaaaaaaaaa",
  "naïve café, Zürich — «Привет, мир» 你好，世界。こんにちは 한국어 e\u0301 \u{1f469}\u200d\u{1f467} \u05e9\u0644",
  "if (x != null && y <= 0) { return a[i] + b->c; } // http://example.org/?q=1#top <b>_</b>",
  "<|endoftext|> [CLS] <s> </s> <unk> ##ing \u0120word \u2581word \u0000 \ufffd",
  "true false yes no positive negative entailment neutral contradiction A B C D 0 1 2",
];

const probeExamples: readonly Example[] = [
  { input: probes[0] ?? "", outputs: ["yes", "no"], options: ["yes", "no"] },
  { input: "question", outputs: ["free form"], options: [] },
  { input: "", outputs: ["no input"], options: ["no input", ""] },
  { input: probes.join(" ").repeat(20), outputs: ["an answer of some length"], options: [] },
  { input: "short", outputs: [probes.join(" ").repeat(20)], options: [] },
];
