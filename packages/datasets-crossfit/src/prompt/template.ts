import { MetaError } from "@metalearn/core";
import type { PromptFormat, Templates } from "../options.js";
import type { PromptParts } from "./format.js";

/** Writes an example into a template. */
export type Template = (
  example: PromptParts & { readonly options: readonly string[] },
  first: boolean,
) => PromptParts;

/** Template of a task; `undefined` where it has none. */
export function templateFor(
  templates: Templates | undefined,
  method: PromptFormat["method"],
): (task: string) => Template | undefined {
  if (templates === undefined) return () => undefined;
  if (typeof templates === "string") {
    const only = template(templates, method);
    return () => only;
  }
  const byTask = new Map(
    Object.entries(templates).map(([task, text]) => [task, template(text, method)]),
  );
  return (task) => byTask.get(task) ?? byTask.get("*");
}

/**
 * A template such as `"Review: {input}\nIs it {options}? {output}"`. It has `{input}` and `{output}`
 * once each and ends with the one that is scored; `{options}` becomes the options with commas.
 * Examples in a sequence have three newlines between them. White space before what is scored is
 * scored with it, as a word's leading space is part of its token.
 *
 * Source: Chen et al. 2022, section 2: an instruction template filled in for every demonstration,
 * and for the question with the label slot at the end left empty.
 *
 * @throws MetaError `BAD_OPTION`
 */
function template(text: string, method: PromptFormat["method"]): Template {
  const [scored, read] = method === "direct" ? ["{output}", "{input}"] : ["{input}", "{output}"];
  const pieces = text.split(read);
  if (!text.endsWith(scored) || text.split(scored).length !== 2 || pieces.length !== 2) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected a template of the ${method} method that has ${read} once and ends with ${scored}, got ${JSON.stringify(text)}.`,
    );
  }
  const [before = "", rest = ""] = pieces;
  const middle = rest.slice(0, -scored.length);
  const space = middle.slice(middle.trimEnd().length);
  return ({ input, answer, options }, first) => {
    const fill = (part: string) => part.replaceAll("{options}", () => options.join(", "));
    const lead = (first ? "" : "\n\n\n") + fill(before);
    const cue = fill(middle.trimEnd());
    return method === "direct"
      ? { input: lead + input, cue, answer: space + answer }
      : { answer: lead + answer + cue, input: space + input };
  };
}
