import { MetaError } from "@metalearn/core";

/**
 * Refuses a Node.js that links shared libraries of its own, as Linux distributions build it: its binary alone
 * does not run on another machine.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE`
 */
export function requireMovableNode(
  variables: Readonly<Record<string, unknown>> = { ...process.config.variables },
): void {
  const shared = Object.entries(variables)
    .filter(([name, value]) => /^node_shared/.test(name) && (value === true || value === "true"))
    .map(([name]) => name);
  if (shared.length === 0) return;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `The Node.js that runs this goes into the pack, but it needs shared libraries of this machine (${shared.join(", ")}). ` +
      "Run the command with the Node.js of nodejs.org.",
  );
}
