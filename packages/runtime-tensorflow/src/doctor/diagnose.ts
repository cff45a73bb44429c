import { type Finding, messageOf } from "@metalearn/core";
import { engineFindings } from "./engine.js";
import { machineFindings } from "./machine.js";
import { toolFindings } from "./tools.js";
import { wasmFinding } from "./wasm.js";

/**
 * Findings of `metalearn doctor` about this machine: the engine and a test computation on it, the hardware,
 * and the tools that a setup needs. Changes nothing and never throws; failures are findings, too.
 */
export async function diagnose(): Promise<readonly Finding[]> {
  const engine = await guard("TensorFlow", engineFindings);
  const works = engine.every(({ status }) => status === "ok" || status === "info");
  return [
    ...engine,
    ...(await guard("WebAssembly", wasmFinding)),
    ...(await guard("Machine", machineFindings)),
    ...(await guard("Tools", () => toolFindings({ areNeeded: !works }))),
  ];
}

async function guard(
  topic: string,
  look: () => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [{ topic, status: "warning", message: `could not be examined: ${messageOf(error)}` }];
  }
}
