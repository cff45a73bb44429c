import { firstScored, type TokenSequence } from "../batch/tokenBatch.js";
import { commonLength, type TokenTree, tokenTree } from "../batch/tokenTree.js";

/** Trees that begin with the same tokens. */
export interface PlannedReading {
  /** Read once for all trees; empty when they have nothing in common. */
  readonly prefix: readonly number[];
  readonly trees: readonly PlannedTree[];
}

/** A tree, and which of the given sequences its answers belong to. */
export interface PlannedTree extends TokenTree {
  readonly sequences: readonly number[];
}

/** A sequence and its place among all. */
interface Member {
  readonly index: number;
  readonly sequence: TokenSequence;
}

/** A common beginning shorter than this is not worth a reading of its own. */
const shortestPrefix = 32;

/**
 * How to score questions without reading the same tokens twice. What several questions begin with
 * (their demonstrations, until truncation moves them) becomes a prefix, and what the options of one
 * question have in common (its input) the trunk of a tree. Only the tokens are compared: the same
 * ones in the same places are the same to a model.
 *
 * @param questions the sequences of each question; every one has a scored token
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

/** The sequences of each question, apart by how they begin. */
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

/** What sequences with a common prefix agree in; empty where there is no room for one. */
function beginningOf(sequence: TokenSequence): string {
  const room = firstScored(sequence) - 1;
  return room < shortestPrefix ? "" : sequence.ids.slice(0, shortestPrefix).join(" ");
}

/** All that is common, but not the token that predicts the first scored one. */
function prefixLength(members: readonly Member[]): number {
  const common = commonLength(members.map(({ sequence }) => sequence.ids));
  return Math.min(common, ...members.map(({ sequence }) => firstScored(sequence) - 1));
}

function readingOf(parts: readonly (readonly Member[])[], start: number): PlannedReading {
  const prefix = parts[0]?.[0]?.sequence.ids.slice(0, start) ?? [];
  return { prefix, trees: parts.flatMap((members) => treesOf(members, start)) };
}

/**
 * The sequences of one question as one tree, or as one each where a joint tree would have more
 * pairs of tokens: every token of a row meets every other, though branches do not see each other.
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
