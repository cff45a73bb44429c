import MiniSearch from "minisearch";

/** Index that finds the rows of a task whose inputs are most similar to a text. */
export interface NearestRows {
  /**
   * Indices of at most `count` rows, most similar first; rows that share no word with `text` are left out.
   */
  find(text: string, count: number, without?: number): number[];
}

/**
 * Builds an index over the inputs of rows. Similarity is BM25+ over lower-case words (k1 = 1.2, b = 0.7,
 * delta = 0.5); each word of the text counts once. Ties are broken by the order of the rows.
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

/** Words without repetition: a passage that is searched for has many words, most of them several times. */
function words(text: string): string[] {
  return [...new Set(split(text.toLowerCase()))];
}
