/** Markup, as opposed to text that still has to be escaped. */
export class Html {
  constructor(readonly markup: string) {}
}

/**
 * Builds markup from a template: values are escaped unless they are markup themselves; lists are joined.
 *
 * @example html`<td>${name}</td>`
 */
export function html(parts: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return new Html(
    parts.map((part, i) => part + (i < values.length ? toMarkup(values[i]) : "")).join(""),
  );
}

function toMarkup(value: unknown): string {
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(toMarkup).join("");
  return String(value ?? "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
