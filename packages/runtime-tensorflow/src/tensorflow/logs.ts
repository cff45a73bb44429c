/** Severities of TensorFlow's log lines, in the order of `TF_CPP_MIN_LOG_LEVEL`. */
const severities = "IWEF";

/**
 * Silences TensorFlow's log unless the user chose a level: whatever fails is thrown as an error, and
 * the rest is about how TensorFlow was built. Call it before the library is loaded.
 *
 * @returns the level in force: lines of a lower severity are not wanted
 */
export function quietLogs(): number {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "3";
  const level = Number.parseInt(process.env.TF_CPP_MIN_LOG_LEVEL, 10);
  return Number.isNaN(level) ? 0 : level;
}

/**
 * The lines of a log that reach a level. A line without a severity belongs to the one before it.
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
