import { createHash } from "node:crypto";
import {
  type ComparedRun,
  type Comparison,
  type ComparisonRow,
  readMetrics,
} from "@metalearn/core";
import { duration, percent } from "../tables.js";
import { type LossPoint, lossChart, taskChart } from "./charts.js";
import { Html, html } from "./html.js";
import { style } from "./style.js";

/** What a report says about itself. */
export interface ReportText {
  readonly title?: string | undefined;
  /** A paragraph below the title, for example on where the data comes from. */
  readonly note?: string | undefined;
}

/** A comparison as one page of HTML that needs no network and no script. */
export async function renderReport(
  comparison: Comparison,
  { title = "Comparison of meta-learners", note }: ReportText = {},
): Promise<string> {
  const points = await lossPoints(comparison.runs);
  const names = comparison.rows.map(({ name }) => name);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${note ? html`<p>${note}</p>` : ""}
<p class="muted">${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC</p>
</header>
<main>
<h2>Result</h2>
${resultTable(comparison.rows)}
<h2>Task by task</h2>
<figure>
<div class="scroll">${new Html(taskChart(comparison))}</div>
<figcaption>Mean over sets of demonstrations, or episodes, and training seeds. The grey tick marks what random answers score.</figcaption>
</figure>
${taskTable(comparison)}
${
  points.length > 0
    ? html`<h2>Training</h2>
<figure>
<div class="scroll">${new Html(lossChart(points, names))}</div>
<figcaption>Mean query loss before each meta-update, one line per training seed. For learners with an inner loop it is the loss after adapting.</figcaption>
</figure>`
    : ""
}
<h2>Cost</h2>
${costTable(comparison.runs)}
<h2>How it was made</h2>
${configs(comparison.runs)}
${environment(comparison.runs)}
</main>
</body>
</html>
`;
  return page.markup;
}

function resultTable(rows: readonly ComparisonRow[]): Html {
  const hasUnseen = rows.some(({ unseen }) => unseen);
  const best = Math.max(...rows.map(({ all }) => all.mean));
  const [first] = rows;
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">method</th><th scope="col">all tasks: mean</th><th scope="col">worst</th>${
    hasUnseen ? html`<th scope="col">unseen domains: mean</th><th scope="col">worst</th>` : ""
  }<th scope="col">± training seeds</th><th scope="col">seeds</th></tr></thead>
<tbody>
${rows.map(
  ({ name, all, unseen, deviation, seeds }) =>
    html`<tr><td>${name}</td><td class="${
      all.mean === best ? "best" : ""
    }">${percent(all.mean)}</td><td>${percent(all.worst)}</td>${
      hasUnseen
        ? html`<td>${unseen ? percent(unseen.mean) : ""}</td><td>${unseen ? percent(unseen.worst) : ""}</td>`
        : ""
    }<td>${seeds.length > 1 ? percent(deviation) : ""}</td><td>${seeds.length}</td></tr>`,
)}
${
  first
    ? html`<tr class="chance"><td>random answers</td><td>${percent(first.all.chance)}</td><td></td>${
        hasUnseen ? html`<td>${first.unseen ? percent(first.unseen.chance) : ""}</td><td></td>` : ""
      }<td></td><td></td></tr>`
    : ""
}
</tbody>
<caption>Macro-F1 for classification, accuracy otherwise, x 100, averaged over ${
    first?.all.tasks ?? 0
  } tasks never trained on. Worst is the lowest over sets of demonstrations or episodes.</caption>
</table></div>`;
}

function taskTable({ runs, rows }: Comparison): Html {
  const tasks = runs[0]?.evaluation.tasks ?? [];
  const cell = (name: string, task: string) => {
    const scores = runs
      .filter((run) => run.name === name)
      .flatMap(({ evaluation }) => evaluation.tasks.filter((score) => score.task === task));
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    return `${percent(mean(scores.map((s) => s.mean)))} / ${percent(mean(scores.map((s) => s.worst)))}`;
  };
  return html`<details><summary>All scores</summary><div class="scroll"><table>
<thead><tr><th scope="col">task</th><th scope="col">metric</th>${rows.map(
    ({ name }) => html`<th scope="col">${name}</th>`,
  )}<th scope="col">random</th></tr></thead>
<tbody>
${tasks.map(
  ({ task, metric, unseenDomain, chance }) =>
    html`<tr><td>${task}${unseenDomain ? " *" : ""}</td><td>${metric}</td>${rows.map(
      ({ name }) => html`<td>${cell(name, task)}</td>`,
    )}<td>${percent(chance)}</td></tr>`,
)}
</tbody>
<caption>mean / worst over sets of demonstrations or episodes. * no training task shares its domain.</caption>
</table></div></details>`;
}

function costTable(runs: readonly ComparedRun[]): Html {
  const heads = ["meta-updates", "batches", "training", "compiling", "evaluation", "compiling"];
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">run</th>${[...heads, "peak memory"].map(
    (head) => html`<th scope="col">${head}</th>`,
  )}</tr></thead>
<tbody>
${runs.map((run) => {
  const { name, seed, record, batches, evaluation } = run;
  const cells = [
    record.updates,
    batches,
    duration(run.trainSeconds),
    duration(run.compileSeconds),
    duration(evaluation.seconds),
    duration(evaluation.compileSeconds),
    `${(run.peakBytes / 1e9).toFixed(1)} GB`,
  ];
  return html`<tr><td>${name}, seed ${seed}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
})}
</tbody>
<caption>Compiling is a part of the column before it: recording functions, and running them for the first time with a new shape. Peak memory is the most that the process had resident by the end of the run. Runs of one comparison share a process, so that a later run may show what an earlier one needed.</caption>
</table></div>`;
}

function configs(runs: readonly ComparedRun[]): Html[] {
  const firstOfEach = runs.filter(
    ({ name }, i) => runs.findIndex((other) => other.name === name) === i,
  );
  return firstOfEach.map(
    ({ name, record }) => html`<details><summary>Config of ${name}</summary>
<pre>${JSON.stringify(record.config, null, 2)}</pre></details>`,
  );
}

function environment(runs: readonly ComparedRun[]): Html {
  const record = runs[0]?.record;
  if (!record) return html``;
  const { engine, versions, data } = record;
  const files = Object.entries(data);
  const entries: [string, string][] = [
    ["engine", `${engine.name} ${engine.version} on ${engine.device}`],
    ...Object.entries(versions),
    ["data", `${files.length} files, SHA-256 over all ${combinedHash(files)}`],
  ];
  return html`<details><summary>Environment and data</summary><dl>
${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
</dl></details>`;
}

/** One hash for a set of hashed files. */
function combinedHash(files: readonly (readonly [string, string])[]): string {
  const text = files.map(([name, hash]) => `${name} ${hash}\n`).sort();
  return createHash("sha256").update(text.join("")).digest("hex").slice(0, 16);
}

async function lossPoints(runs: readonly ComparedRun[]): Promise<LossPoint[]> {
  const series = await Promise.all(
    runs.map(async ({ name, seed, directory }) =>
      (await readMetrics(directory)).map(({ batches, loss }) => ({
        name,
        seed,
        batches: Number(batches),
        loss: Number(loss),
      })),
    ),
  );
  return series.flat();
}
