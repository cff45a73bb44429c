import { printable } from "@metalearn/core";
import type { Comparison } from "@metalearn/core/runs";
import { buildReport } from "./buildReport.js";
import { curveCharts, taskChart } from "./charts.js";
import { Html, html } from "./html.js";
import { metricCharts, metricTable } from "./learnerMetrics.js";
import type { Report, ReportSetting, ReportText } from "./report.js";
import { style } from "./style.js";
import {
  configTable,
  costTable,
  dataTable,
  differenceTable,
  environmentTable,
  type ReportTable,
  resultTable,
  settingsTable,
  taskTable,
} from "./tables.js";
import { validationChart } from "./validationChart.js";

/** Writes a comparison as one HTML page that needs no network and no script. */
export async function renderReport(comparison: Comparison, text?: ReportText): Promise<string> {
  return renderPage(await buildReport(comparison.runs, text));
}

/** Writes a report as one HTML page that needs no network and no script. */
export function renderPage(report: Report): string {
  const { title, note, settings, warnings } = report;
  const overview = settingsTable(report);
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
${
  warnings.length > 0
    ? html`<section class="warning" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>
<ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul></section>`
    : ""
}
${overview ? html`<h2>All settings</h2>\n${table(overview)}` : ""}
${settings.map((setting) => settingSections(setting, settings.length > 1))}
<h2>Cost</h2>
${table(costTable(report))}
<h2>How it was made</h2>
${table(dataTable(report))}
${settings.flatMap(({ name, rows, runs }) =>
  rows.map(({ name: method }) => {
    const run = runs.find((own) => own.method === method)?.run;
    const of = settings.length > 1 ? `${method}, ${name}` : method;
    return html`<details><summary>Config of ${of}</summary>
<pre tabindex="0">${JSON.stringify(run?.record.config, null, 2)}</pre></details>`;
  }),
)}
<details><summary>Environment</summary>${table(environmentTable(report))}</details>
</main>
</body>
</html>
`;
  return printable(page.markup); // charts included
}

function settingSections(setting: ReportSetting, isOneOfSeveral: boolean): Html {
  const of = isOneOfSeveral ? `: ${setting.name}` : "";
  const differences = differenceTable(setting);
  const config = configTable(setting);
  const curves = curveCharts(setting);
  const validation = validationChart(setting);
  const metrics = metricTable(setting);
  return html`<h2>Result${of}</h2>
${table(resultTable(setting))}
${differences ? html`<h2>Differences between methods${of}</h2>\n${differenceTables(setting, differences)}` : ""}
<h2>Task by task${of}</h2>
<figure>
<div class="wide">${new Html(taskChart(setting, 880))}</div>
<div class="narrow">${new Html(taskChart(setting, 350))}</div>
<figcaption>Mean over sets of demonstrations, or episodes, and training seeds, in percent of the best possible score. The short line in a bar is the worst set; the dashed line through a task is what random answers score.</figcaption>
</figure>
<details><summary>All scores${of}</summary>${table(taskTable(setting))}</details>
${
  curves.length > 0
    ? html`<h2>Training${of}</h2>
<figure>
<div class="curves">${[...curves, validation].map((chart) => (chart ? new Html(chart) : ""))}</div>
<figcaption>Mean query loss before each meta-update, one line per training seed. For learners with an inner loop it is the loss after adapting.${
        validation
          ? " Scores on dev tasks have a dot at the best: the run ends with the parameters that it had there."
          : ""
      }</figcaption>
</figure>`
    : ""
}
${
  metrics
    ? html`<h2>What the learners log${of}</h2>
<figure>
<div class="curves">${metricCharts(setting).map((chart) => new Html(chart))}</div>
</figure>
${table(metrics)}`
    : ""
}
${config ? html`<details><summary>What the methods' configs differ in${of}</summary>${table(config)}</details>` : ""}`;
}

/** Tables with more rows than this are collapsed, except for the first method's rows. */
const manyRows = 15;

/**
 * Differences between all pairs of methods; where there are many, only those against the first method are
 * shown expanded.
 */
function differenceTables({ rows }: ReportSetting, all: ReportTable): Html {
  if (all.rows.length <= manyRows) return table(all);
  const first = rows[0]?.name ?? "";
  const shown = all.rows.filter(({ cells: [pair = ""] }) => pair.endsWith(` − ${first}`));
  return html`${table({ ...all, rows: shown })}
<details><summary>All ${all.rows.length} differences</summary>${table(all)}</details>`;
}

/** Table that scrolls by itself, with the keyboard too, where it is wider than the page. */
function table({ head, rows, caption }: ReportTable): Html {
  const label = `${head[0] ?? ""}: ${caption.split(". ")[0]}`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${head.map((text) => html`<th scope="col">${unitKept(text)}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ cells: [name = "", ...cells], best = [], isReference }) =>
    html`<tr${isReference ? html` class="reference"` : ""}><th scope="row"${
      name.length <= 36 ? html` class="short"` : ""
    }>${breakable(name)}</th>${cells.map(
      (cell, i) => html`<td${best.includes(i + 1) ? html` class="best"` : ""}>${cell}</td>`,
    )}</tr>\n`,
)}</tbody>
</table></div>`;
}

/** Joins a unit to the value before it with a no-break space. */
function unitKept(text: string): string {
  return text.replace(/, (?=\S+$)/, ",\u00a0");
}

/** Allows line breaks between the parts of a name: `maml,innerSteps=2`. */
function breakable(name: string): Html {
  const parts = name.split(/(?<=,)(?=\S)|(?==)/);
  return html`${parts.map((part, i) => (i === 0 ? part : html`<wbr>${part}`))}`;
}
