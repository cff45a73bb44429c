export { describeDataCommand } from "./commands/data.js";
export { type LaunchRunsOptions, launchRuns, openLauncher } from "./launch/launchRuns.js";
export { main } from "./main.js";
export { officialPlugins } from "./officialPlugins.js";
export {
  type CheckpointOptions,
  type CheckpointSession,
  openCheckpoint,
} from "./openCheckpoint.js";
export { type Pack, type PackContents, writePack } from "./pack/pack.js";
export type { PluginKind } from "./pluginPackage/kinds.js";
export { type PluginNames, pluginNames } from "./pluginPackage/names.js";
export { writePackage } from "./pluginPackage/writePackage.js";
export { describeProgram } from "./program.js";
export { buildReport } from "./report/buildReport.js";
export { renderChart } from "./report/charts.js";
export { type FoundRuns, findRuns } from "./report/findRuns.js";
export type { ReportFormat } from "./report/formatNames.js";
export { formats as reportFormats } from "./report/formats.js";
export { renderReport } from "./report/page.js";
export type { Report, ReportRun, ReportSetting, ReportText } from "./report/report.js";
export { openSession, presetFolder, reopenSession, type Session } from "./session.js";
export { comparisonTable, evaluationTable } from "./terminalTables.js";
export { type RunState, readRunState } from "./watch/runState.js";
export { statusLines } from "./watch/statusLines.js";
