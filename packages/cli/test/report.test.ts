import { join } from "node:path";
import type { ComparedRun, Comparison, EvaluationRecord, RunRecord } from "@metalearn/core/runs";
import { expect, test } from "vitest";
import { buildReport } from "../src/report/buildReport.js";
import { Html, html } from "../src/report/html.js";
import { renderPage, renderReport } from "../src/report/page.js";
import { comparedRun } from "./support/comparedRun.js";
import { parseReport } from "./support/parseReport.js";

test("values in markup are text, and markup is markup", () => {
  const name = `<script>alert("&")</script>`;
  expect(html`<b title="${name}">${name}</b>`.markup).toBe(
    '<b title="&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;">&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;</b>',
  );
  expect(html`<p>${[new Html("<i>a</i>"), "<b>", 1, undefined]}</p>`.markup).toBe(
    "<p><i>a</i>&lt;b&gt;1</p>",
  );
});

const hostile = `<script>alert("1")</script><img src=x onerror=alert(1)> & co`;

/** A comparison of one run in which every text that users choose is markup. */
function hostileComparison(): Comparison {
  const summary = { tasks: 1, mean: 0.5, worst: 0.25, chance: 0.5 };
  const evaluation: EvaluationRecord = {
    format: 1,
    seeds: [100],
    seconds: 50,
    compileSeconds: 4.4,
    peakBytes: 3e9,
    tasks: [{ ...summary, task: hostile, metric: "accuracy", unseenDomain: false, seeds: [] }],
    all: summary,
  };
  const record = {
    config: { tasks: { use: "crossfit", root: hostile } },
    updates: 1,
    engine: { name: "cpu", version: "1", device: hostile },
    versions: { [hostile]: hostile },
    data: {},
  } as unknown as RunRecord;
  const run: ComparedRun = {
    name: hostile,
    seed: 1,
    directory: join(import.meta.dirname, "nowhere"),
    record,
    evaluation,
    batches: 1,
    trainSeconds: 90,
    compileSeconds: 21.6,
    peakBytes: 3.14e9,
  };
  const row = { ...run, seeds: [1], all: summary, deviation: 0 };
  return { runs: [run], rows: [row] };
}

test("names that look like markup stay text, in tables and in charts", async () => {
  const text = { title: hostile, note: hostile };
  const document = parseReport(await renderReport(hostileComparison(), text));
  expect(document.querySelectorAll("script, img").length).toBe(0);
  const texts = (selector: string) =>
    [...document.querySelectorAll(selector)].map(({ textContent }) => textContent);
  expect(document.title).toBe(hostile);
  expect(texts("h1, header p:not(.muted)")).toEqual([hostile, hostile]);
  expect(texts("tbody tr:first-child th").slice(0, 3)).toEqual([
    hostile,
    hostile,
    `${hostile}, seed 1`,
  ]);
  expect(texts('.wide [aria-label="y-axis tick label"] text')).toEqual([hostile]);
  expect(texts(".wide rect title")).toEqual([`${hostile}, ${hostile}: mean 50.0 %, worst 25.0 %`]);
  expect(JSON.parse(texts("pre")[0] ?? "")).toEqual({ tasks: { use: "crossfit", root: hostile } });
  expect(texts("details:last-of-type tbody > tr > *")).toContain(hostile);
});

test("the cost of a run shows apart what was compiled, and the peak of memory", async () => {
  const document = parseReport(await renderReport(hostileComparison()));
  const table = [...document.querySelectorAll("table")].at(-3); // then come data and environment
  const cells = (selector: string) =>
    [...(table?.querySelectorAll(selector) ?? [])].map(({ textContent }) => textContent);
  expect(cells("thead th").slice(5)).toEqual([
    "training",
    "of it compiling",
    "evaluation",
    "of it compiling",
    "peak memory,\u00a0GB",
  ]);
  expect(cells("td").slice(4)).toEqual(["1 min 30 s", "22 s", "50 s", "4 s", "3.1"]);
});

test("of many pairs of methods, those with the first are seen, and all can be opened", async () => {
  const names = ["first", "a", "b", "c", "d", "e", "f"]; // 21 pairs
  const tasks = { poem: { 1: 0.5 }, prose: { 1: 0.25 } };
  const report = await buildReport(names.map((name) => comparedRun({ name, tasks })));
  const document = parseReport(renderPage(report));
  const folded = [...document.querySelectorAll("details")].find(
    (details) => details.querySelector("summary")?.textContent === "All 21 differences",
  );
  expect(folded?.querySelectorAll("tbody tr")).toHaveLength(21);
  const seen = [...document.querySelectorAll("main > .scroll tbody th")].flatMap(
    ({ textContent }) => (textContent?.includes(" − ") ? [textContent] : []),
  );
  expect(seen).toEqual(["a", "b", "c", "d", "e", "f"].map((name) => `${name} − first`));
});

test("no two of sixteen methods have the same colour", async () => {
  const names = Array.from({ length: 16 }, (_, i) => `m${i}`);
  const report = await buildReport(
    names.map((name) => comparedRun({ name, tasks: { t: { 1: 1 } } })),
  );
  const document = parseReport(renderPage(report));
  const bars = [
    ...document.querySelectorAll('.wide g[aria-label="bar"] rect, .wide g[aria-label="bar"]'),
  ];
  const fills = new Set(bars.flatMap((bar) => bar.getAttribute("fill") ?? []));
  expect([...fills].filter((fill) => fill.startsWith("var(--series-"))).toHaveLength(16);
});
