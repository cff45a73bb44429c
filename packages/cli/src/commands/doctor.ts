import type { Finding } from "@metalearn/core";
import { loadPlugins } from "@metalearn/core/runs";
import { paint } from "../paint.js";
import { officialPlugins } from "../session.js";

/** Flags of `metalearn doctor`. */
export interface DoctorFlags {
  readonly json: boolean;
}

const styles = {
  ok: "green",
  info: "dim",
  warning: "yellow",
  missing: "red",
} as const satisfies Record<Finding["status"], string>;

/** Prints what this machine has and what is missing, each problem with the command that mends it. */
export async function doctor({ json }: DoctorFlags): Promise<void> {
  const plugins = await loadPlugins(officialPlugins);
  const findings = (
    await Promise.all(plugins.flatMap(({ machine }) => machine?.diagnose() ?? []))
  ).flat();
  if (json) {
    console.log(JSON.stringify(findings, null, 2));
    return;
  }
  const width = Math.max(...findings.map(({ topic }) => topic.length));
  for (const { topic, status, message, fix } of findings) {
    const mark = paint(styles[status], status.padEnd(7), process.stdout);
    console.log(`${mark}  ${topic.padEnd(width)}  ${message}`);
    if (fix)
      console.log(`${" ".repeat(11 + width)}${paint("bold", `fix: ${fix}`, process.stdout)}`);
  }
}
