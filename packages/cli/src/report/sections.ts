import { metricTable } from "./learnerMetrics.js";
import type { Report } from "./report.js";
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

/** A table under its heading. */
export interface Section {
  readonly heading: string;
  readonly table: ReportTable;
}

/** All tables of a report in order, for formats that consist of tables only. */
export function sectionsOf(report: Report): Section[] {
  const { settings } = report;
  const sections = [
    ["All settings", settingsTable(report)],
    ...settings.flatMap((setting) => {
      const of = settings.length > 1 ? `: ${setting.name}` : "";
      return [
        [`Result${of}`, resultTable(setting)],
        [`Differences between methods${of}`, differenceTable(setting)],
        [`Task by task${of}`, taskTable(setting)],
        [`What the learners log${of}`, metricTable(setting)],
        [`What the methods' configs differ in${of}`, configTable(setting)],
      ] as const;
    }),
    ["Cost", costTable(report)],
    ["Data", dataTable(report)],
    ["Environment", environmentTable(report)],
  ] as const;
  return sections.flatMap(([heading, table]) => (table ? [{ heading, table }] : []));
}
