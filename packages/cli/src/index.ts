export { main } from "./main.js";
export { renderChart } from "./report/charts.js";
export { type ReportText, renderReport } from "./report/report.js";
export { comparisonTable, evaluationTable } from "./tables.js";
