import { Window } from "happy-dom";

/**
 * Parses a report as a browser would, without the styles inside its charts: happy-dom 21 loses everything
 * that follows a style element in SVG.
 */
export function parseReport(page: string): Window["document"] {
  const { document } = new Window();
  document.write(page.replaceAll(/<style>:where.*?<\/style>/gs, ""));
  return document;
}
