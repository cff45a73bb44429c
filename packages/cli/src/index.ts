export { type LaunchRunsOptions, launchRuns, openLauncher } from "./launch/launchRuns.js";
export { describeProgram, main } from "./main.js";
export { type Pack, type PackContents, writePack } from "./pack/pack.js";
export type { PluginKind } from "./pluginPackage/kinds.js";
export { type PluginNames, pluginNames } from "./pluginPackage/names.js";
export { writePackage } from "./pluginPackage/writePackage.js";
export { type CheckpointSession, checkpointSession } from "./predict/checkpointSession.js";
export { presetFolder } from "./presets.js";
export { renderChart } from "./report/charts.js";
export { type FoundRuns, findRuns } from "./report/findRuns.js";
export { formats as reportFormats, type ReportFormat } from "./report/formats.js";
export { renderReport } from "./report/page.js";
export {
  buildReport,
  type Report,
  type ReportRun,
  type ReportSetting,
  type ReportText,
} from "./report/report.js";
export { officialPlugins, openSession, reopenSession, type Session } from "./session.js";
export { comparisonTable, evaluationTable } from "./tables.js";
export { type RunState, readRunState } from "./watch/runState.js";
export { statusLines } from "./watch/statusLines.js";
