import { commonLength } from "../batch/tokenTree.js";
import type { PrefixState, TokenReader } from "../contracts/model.js";
import { disposeParams, type Params } from "../params.js";
import { readPrompt } from "./readTokens.js";

/** Tokens that several prompts begin with, and their KV cache. */
export interface SharedPrefix {
  readonly length: number;
  readonly cache: PrefixState;
  /** True if a prompt begins with these tokens, and has more. */
  begins(ids: readonly number[]): boolean;
  dispose(): void;
}

/** Fewest tokens that are worth a forward pass of their own. */
const shortest = 32;

/**
 * Groups prompts by their beginning, so that each group's can be read once.
 *
 * @returns indices of the prompts of each group, and the number of tokens that all of them begin with, 0 where that is
 *   too few or a prompt stands alone
 */
export function groupPrompts(
  prompts: readonly (readonly number[])[],
): { readonly members: readonly number[]; readonly common: number }[] {
  const groups = new Map<string, number[]>();
  prompts.forEach((ids, i) => {
    const key = ids.slice(0, shortest).join();
    const members = groups.get(key) ?? [];
    if (members.length === 0) groups.set(key, members);
    members.push(i);
  });
  return [...groups.values()].map((members) => {
    const [first, ...others] = members.map((i) => prompts[i] as readonly number[]);
    if (!first || others.length === 0) return { members, common: 0 };
    // The last token of a prompt is read for what follows it.
    const all = [first, ...others];
    const common = Math.min(commonLength(all), ...all.map((ids) => ids.length - 1));
    return { members, common: common < shortest ? 0 : common };
  });
}

/**
 * Reads the beginning of prompts. The caller disposes it.
 *
 * @param capacity longest of their sequences, answers included, in tokens
 */
export function readShared(
  reader: Pick<TokenReader, "readPrompt">,
  params: Params,
  prefix: readonly number[],
  capacity: number,
): SharedPrefix {
  const { logits, cache } = readPrompt(reader, params, prefix, capacity);
  logits.dispose();
  return {
    length: prefix.length,
    cache,
    begins: (ids) => ids.length > prefix.length && commonLength([ids, prefix]) === prefix.length,
    dispose: () => disposeParams(cache),
  };
}
