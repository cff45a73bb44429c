/** Formats that a report can be written in. */
export const formatNames = ["html", "md", "csv", "latex", "json"] as const;

/** A format of a report. */
export type ReportFormat = (typeof formatNames)[number];
