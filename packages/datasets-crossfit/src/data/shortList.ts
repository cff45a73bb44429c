/** Names for an error message: the first few, and how many more there are. */
export function shortList(names: readonly string[], limit = 5): string {
  const more = names.length - limit;
  return names.slice(0, limit).join(", ") + (more > 0 ? `, and ${more} more` : "");
}
