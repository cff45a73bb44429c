export { describeProgram, main } from "./main.js";
export { renderChart } from "./report/charts.js";
export { renderReport } from "./report/page.js";
export type { ReportText } from "./report/report.js";
export { comparisonTable, evaluationTable } from "./tables.js";
