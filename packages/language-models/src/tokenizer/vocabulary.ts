import type { AddedToken } from "./addedTokens.js";
import type { AddedTokenJson } from "./tokenizerJson.js";

/** The tokens of a model, and the added tokens. */
export interface Vocabulary {
  /** Ids of the model's own tokens. */
  readonly model: ReadonlyMap<string, number>;
  /** Added tokens, some of which may be the model's own as well. */
  readonly added: readonly AddedToken[];
  /** The id of a token; added tokens take precedence over the model's. */
  idOf(content: string): number | undefined;
  /** One more than the highest id. */
  readonly size: number;
}

/**
 * Adds tokens to a vocabulary, list by list. An existing token keeps its id, and its properties are replaced; others
 * get the next free id, whatever the file says.
 *
 * Source: `add_tokens` of Hugging Face's tokenizers (`added_vocabulary.rs`).
 */
export function vocabulary(
  model: ReadonlyMap<string, number>,
  ...lists: readonly (readonly AddedTokenJson[])[]
): Vocabulary {
  const ids = new Map<string, number>();
  const byId = new Map<number, AddedToken>();
  for (const list of lists) {
    let next = Math.max(model.size, highest(byId.keys()) + 1);
    for (const token of list) {
      if (token.content === "") continue;
      const id = ids.get(token.content) ?? model.get(token.content) ?? next++;
      ids.set(token.content, id);
      byId.set(id, { ...token, id });
    }
  }
  return {
    model,
    added: [...byId.values()],
    idOf: (content) => ids.get(content) ?? model.get(content),
    size: Math.max(highest(model.values()), highest(byId.keys())) + 1,
  };
}

function highest(numbers: Iterable<number>): number {
  let most = -1;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}
