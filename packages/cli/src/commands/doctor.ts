import { type Finding, isMetaError } from "@metalearn/core";
import { loadNamed } from "../askedPlugins.js";
import type { PluginFlags } from "../flags.js";
import { paint } from "../paint.js";
import { userConfig } from "../session.js";

/** Flags of `metalearn doctor`. */
export interface DoctorFlags extends PluginFlags {
  readonly json: boolean;
}

const styles = {
  ok: "green",
  info: "dim",
  warning: "yellow",
  missing: "red",
} as const satisfies Record<Finding["status"], string>;

/** Prints what this machine has and what is missing, each problem with the command that fixes it. */
export async function doctor({ json, ...flags }: DoctorFlags): Promise<void> {
  const findings = await findProblems(flags);
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

/**
 * Findings of plugins, after problems with the config that lists them and with plugins that cannot be loaded.
 */
async function findProblems(flags: PluginFlags): Promise<Finding[]> {
  const findings: Finding[] = [];
  const config = await userConfig(flags.config).catch((error) => {
    if (flags.config !== undefined || !isMetaError(error)) throw error;
    findings.push({ topic: "config", status: "warning", message: error.detail });
    return undefined;
  });
  const plugins = await loadNamed(config, flags.plugin, (name, { detail }) =>
    findings.push({ topic: name, status: "missing", message: detail }),
  );
  const diagnoses = plugins.map(async ({ machine }) => machine?.diagnose() ?? []);
  return [...findings, ...(await Promise.all(diagnoses)).flat()];
}
