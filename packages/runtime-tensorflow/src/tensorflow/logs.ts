/** Severities of TensorFlow's log lines, in the order of `TF_CPP_MIN_LOG_LEVEL`. */
const severities = "IWEF";

/**
 * Silences TensorFlow's log unless the user chose a level: failures are thrown as errors, and the rest is
 * about TensorFlow's build. Must be called before the library is loaded.
 *
 * @returns the level in force, below which lines are dropped
 */
export function quietLogs(): number {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "3";
  const level = Number.parseInt(process.env.TF_CPP_MIN_LOG_LEVEL, 10);
  return Number.isNaN(level) ? 0 : level;
}

/**
 * Selects the lines of a log that reach a level. A line without a severity belongs to the line before.
 *
 * @example
 * wantedLines("I0000 00:00:1 port.cc] on\nE0000 00:00:1 dnn.cc] failed\n", 2) // the second line
 */
export function wantedLines(log: string, level: number): string {
  let wanted = true;
  return log
    .split(/(?<=\n)/)
    .filter((line) => {
      if (line.startsWith("WARNING: All log messages before absl::InitializeLog()")) return false;
      const severity = /^([IWEF])\d{4} /.exec(line)?.[1];
      if (severity) wanted = severities.indexOf(severity) >= level;
      return wanted;
    })
    .join("");
}
