import MiniSearch from "minisearch";

/** Finds rows of a task whose inputs are most like a text. */
export interface NearestRows {
  /** At most `count` rows, the most similar first; rows that share no word with `text` never come. */
  find(text: string, count: number, without?: number): number[];
}

/**
 * An index over the inputs of rows. Similarity is BM25+ over lower-case words (k1 = 1.2, b = 0.7,
 * delta = 0.5), each word of the text counting once; of equally similar rows the earlier one comes
 * first.
 *
 * Source: Robertson and Zaragoza 2009; Lv and Zhai 2011 (BM25+).
 */
export function nearestRows(inputs: readonly string[]): NearestRows {
  const index = new MiniSearch<{ id: number; input: string }>({ fields: ["input"] });
  index.addAll(inputs.map((input, id) => ({ id, input })));
  return {
    find(text, count, without) {
      const found = index.search(text, { tokenize: words, filter: ({ id }) => id !== without });
      return found
        .sort((a, b) => b.score - a.score || a.id - b.id)
        .slice(0, count)
        .map(({ id }) => id as number);
    },
  };
}

const split = MiniSearch.getDefault("tokenize") as (text: string) => string[];

/** Without repetition: a passage that is searched for has many words, and most of them often. */
function words(text: string): string[] {
  return [...new Set(split(text.toLowerCase()))];
}
