import { Window } from "happy-dom";

/**
 * A report as a browser would see it, but for the styles within its charts: happy-dom 21 loses
 * everything that follows a style element in SVG.
 */
export function parseReport(page: string): Window["document"] {
  const { document } = new Window();
  document.write(page.replaceAll(/<style>:where.*?<\/style>/gs, ""));
  return document;
}
