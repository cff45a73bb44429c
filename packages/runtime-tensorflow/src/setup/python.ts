import { MetaError } from "@metalearn/core";
import { runCommand } from "../runCommand.js";

/** The program that is asked for wheels. */
const python = "python3";

/** A Python that has pip, or what is missing. */
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
 * Downloads wheels for a platform, whatever Python is installed here: none of it is run.
 *
 * @param requirements as pip writes them: `tensorflow-cpu==2.21.0`
 * @param onLine sees what pip says of each file
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

/** The last thing a program said, which is where they say what went wrong. */
function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() || "it said nothing";
}
