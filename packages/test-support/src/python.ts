import { execFileSync, spawnSync } from "node:child_process";

/** Python whose packages tests compare with. */
const python = process.env.METALEARN_PYTHON ?? "python3";

const findMissing = `
import sys
from importlib.util import find_spec
sys.exit(", ".join(name for name in sys.argv[1:] if find_spec(name) is None) or None)
`;

/** Reason why tests that need Python modules cannot run here; `undefined` when they can. */
export function pythonLacks(...modules: readonly string[]): string | undefined {
  const { status } = spawnSync(python, ["-c", findMissing, ...modules]);
  return status === 0
    ? undefined
    : `(needs Python with ${modules.join(" and ")}: set METALEARN_PYTHON)`;
}

/** Runs a Python program and parses its output as JSON. */
export function runPython<T>(program: string, ...args: readonly string[]): T {
  const printed = execFileSync(python, ["-c", program, ...args], {
    encoding: "utf8",
    env: { ...process.env, HF_HUB_OFFLINE: "1" },
    stdio: "pipe", // stderr shows only when the program fails
  });
  return JSON.parse(printed);
}
