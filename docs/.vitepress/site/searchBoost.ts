/**
 * Weight of a page in the search: guides come before the tables of options, and both before the API, which repeats every
 * word in its signatures. VitePress sends the source of this function to the browser, so that it uses nothing outside.
 *
 * @param page its address on the site, with the anchor of a section
 */
export function searchBoost(page: string): number {
  if (/\/api\//.test(page)) return 0.1;
  return /\/(reference|results|overhead|contributing)\b/.test(page) ? 0.7 : 1;
}
