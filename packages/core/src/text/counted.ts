/**
 * Number with its noun in the singular or plural, for messages: `1 task`, `1,200 tasks`.
 *
 * @param plural of nouns that do not end in `s`: `counted(2, "query", "queries")`
 */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}
