import { firstScored, type TokenSequence } from "../batch/tokenBatch.js";
import { commonLength, type TokenTree, tokenTree } from "../batch/tokenTree.js";

/** A prefix, and the trees that share it. */
export interface PlannedReading {
  /** Tokens read once for all trees; may be empty. */
  readonly prefix: readonly number[];
  readonly trees: readonly PlannedTree[];
}

/** A tree, and the indices of the sequences that its answers belong to. */
export interface PlannedTree extends TokenTree {
  readonly sequences: readonly number[];
}

/** A sequence and its index among all. */
interface Member {
  readonly index: number;
  readonly sequence: TokenSequence;
}

/** Minimum length of a prefix, in tokens: a shorter one does not pay for a forward pass of its own. */
const shortestPrefix = 32;

/**
 * Arranges questions so that no token is read twice. Tokens that several questions begin with (their
 * demonstrations, unless truncation moves them) become a prefix; tokens that the options of one question
 * share (its input) become the trunk of a tree. Only tokens are compared: equal tokens at equal positions
 * are the same to a model.
 *
 * @param questions sequences of each question, each with a scored token
 */
export function planReading(questions: readonly (readonly TokenSequence[])[]): PlannedReading[] {
  const alone: Member[][] = [];
  const shared: Member[][][] = [];
  for (const [beginning, parts] of groupByBeginning(questions)) {
    if (beginning === "" || parts.length === 1) alone.push(...parts);
    else shared.push(parts);
  }
  const readings = shared.map((parts) => readingOf(parts, prefixLength(parts.flat())));
  return alone.length > 0 ? [readingOf(alone, 0), ...readings] : readings;
}

/** Groups questions by the beginning of their sequences. */
function groupByBeginning(questions: readonly (readonly TokenSequence[])[]) {
  const groups = new Map<string, Member[][]>();
  let index = 0;
  for (const sequences of questions) {
    const parts = new Map<string, Member[]>();
    for (const sequence of sequences) {
      addTo(parts, beginningOf(sequence), { index: index++, sequence });
    }
    for (const [beginning, members] of parts) addTo(groups, beginning, members);
  }
  return groups;
}

function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

/** Key of a group: the first tokens, or empty for a sequence too short for a prefix. */
function beginningOf(sequence: TokenSequence): string {
  const room = firstScored(sequence) - 1;
  return room < shortestPrefix ? "" : sequence.ids.slice(0, shortestPrefix).join(" ");
}

/** Length of the common beginning, without the token that predicts the first scored one. */
function prefixLength(members: readonly Member[]): number {
  const common = commonLength(members.map(({ sequence }) => sequence.ids));
  return Math.min(common, ...members.map(({ sequence }) => firstScored(sequence) - 1));
}

function readingOf(parts: readonly (readonly Member[])[], start: number): PlannedReading {
  const prefix = parts[0]?.[0]?.sequence.ids.slice(0, start) ?? [];
  return { prefix, trees: parts.flatMap((members) => treesOf(members, start)) };
}

/**
 * Builds one tree of a question's sequences, or one per sequence where a joint tree would have more pairs
 * of tokens: attention computes all pairs of a row, masked ones included.
 */
function treesOf(members: readonly Member[], start: number): PlannedTree[] {
  const plant = (chosen: readonly Member[]): PlannedTree => ({
    ...tokenTree(
      chosen.map(({ sequence }) => sequence),
      start,
    ),
    sequences: chosen.map(({ index }) => index),
  });
  const together = plant(members);
  const apart = members.map((member) => plant([member]));
  const pairs = apart.reduce((sum, { ids }) => sum + ids.length ** 2, 0);
  return together.ids.length ** 2 <= pairs ? [together] : apart;
}
