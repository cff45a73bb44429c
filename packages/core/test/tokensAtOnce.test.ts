import { afterEach, expect, test, vi } from "vitest";
import { tokensAtOnce } from "../src/evaluate/tokensAtOnce.js";
import { bigramModel } from "./support/bigramModel.js";

afterEach(() => vi.restoreAllMocks());

const model = { ...bigramModel, bytesPerToken: (context: number) => 1000 * context };

test.each([
  // 8 MB free: 4 MB for tokens of 1 kB each would be 4000 of them.
  { free: 8e6, context: 1, tokens: 4000 },
  { free: 8e6, context: 2, tokens: 2000 },
  // Never fewer than a sequence of 1024, never more than 8192.
  { free: 1e6, context: 1, tokens: 1024 },
  { free: 1e12, context: 1, tokens: 8192 },
])("$free free bytes and $context kB per token make $tokens tokens", (expected) => {
  vi.spyOn(process, "availableMemory").mockReturnValue(expected.free);
  expect(tokensAtOnce(model, expected.context)).toBe(expected.tokens);
});

test("a model that does not say what it needs is taken to need 1 MiB per token", () => {
  vi.spyOn(process, "availableMemory").mockReturnValue(2 * 2000 * 2 ** 20);
  expect(tokensAtOnce(bigramModel, 10)).toBe(2000);
});
