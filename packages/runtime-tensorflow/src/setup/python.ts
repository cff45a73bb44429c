import { MetaError } from "@metalearn/core";
import { runCommand } from "../runCommand.js";

/** Program that downloads wheels. */
const python = "python3";

/** A Python with pip, or the missing part. */
export type PythonState =
  | { readonly pip: string }
  | { readonly missing: string; readonly fix: string };

/** Looks for Python and pip. */
export async function pythonState(): Promise<PythonState> {
  const { exitCode, stdout, stderr } = await runCommand(python, ["-m", "pip", "--version"]);
  if (exitCode === 0) return { pip: stdout.trim() };
  if (exitCode === undefined) {
    return { missing: `${python} does not run (${lastLine(stderr)})`, fix: install("python3") };
  }
  return { missing: `${python} has no pip (${lastLine(stderr)})`, fix: install("python3-pip") };
}

/**
 * Downloads wheels for a platform, independent of the installed Python. Nothing in them is run.
 *
 * @param requirements in pip's syntax: `tensorflow-cpu==2.21.0`
 * @param onLine called with each line that pip prints
 * @throws MetaError `ENGINE_UNAVAILABLE` when there is no pip or it fails
 */
export async function pipDownload(
  requirements: readonly string[],
  {
    platforms,
    directory,
    onLine,
  }: { platforms: readonly string[]; directory: string; onLine(line: string): void },
): Promise<void> {
  const state = await pythonState();
  if ("missing" in state) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `Python 3 with pip is needed to download TensorFlow, but ${state.missing}. Install it: \`${state.fix}\`.`,
    );
  }
  const { exitCode, stderr } = await runCommand(
    python,
    [
      ..."-m pip --disable-pip-version-check --no-input download".split(" "),
      ..."--no-deps --only-binary=:all: --python-version 3.11 --implementation cp".split(" "),
      ...platforms.flatMap((platform) => ["--platform", platform]),
      ...["--dest", directory, ...requirements],
    ],
    { onLine },
  );
  if (exitCode === 0) return;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `pip could not download ${requirements.join(", ")}: ${lastLine(stderr)}. ` +
      "Check the network and pip's settings (`python3 -m pip config list`), then run the setup again.",
  );
}

function install(name: string): string {
  return process.platform === "darwin" ? "brew install python" : `apt-get install ${name}`;
}

/** The last line of a program's output, where the reason of a failure is. */
function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() || "it said nothing";
}
