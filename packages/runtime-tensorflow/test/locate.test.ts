import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { addonFor } from "../src/locate/addon.js";
import { describeLibrary } from "../src/locate/layout.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { currentTarget, findTarget, unsupportedMachine } from "../src/locate/target.js";
import { sandbox } from "./support/sandbox.js";

const noTarget = findTarget() ? undefined : "(TensorFlow is not published for this machine)";

function write(path: string, text = ""): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** An installation in a folder: libraries and headers without content. */
function install(libraries: string, headers: string, name = "libtensorflow_cc"): void {
  const { librarySuffix } = currentTarget();
  write(join(libraries, `${name}${librarySuffix}`));
  write(join(libraries, `libtensorflow_framework${librarySuffix}`));
  write(join(headers, "tensorflow/c/c_api.h"));
}

test("a machine without a TensorFlow is told for which there is one", () => {
  const { platform } = process;
  Object.defineProperty(process, "platform", { value: "sunos" });
  try {
    expect(findTarget()).toBeUndefined();
    expect(unsupportedMachine()).toMatch(/published .* for linux-x64, .* but this is sunos-/);
  } finally {
    Object.defineProperty(process, "platform", { value: platform });
  }
});

describe.skipIf(noTarget)(`TensorFlow is looked for ${noTarget ?? ""}`, () => {
  test("nowhere to be found is no error", async () => {
    sandbox();
    expect(await findLibTensorFlow()).toBeUndefined();
  });

  test("in LIBTENSORFLOW_DIR laid out like a wheel", async () => {
    const { folder } = sandbox();
    install(folder, join(folder, "include"));
    vi.stubEnv("LIBTENSORFLOW_DIR", folder);
    const found = await findLibTensorFlow();
    expect(found).toMatchObject({ source: "LIBTENSORFLOW_DIR", directory: folder });
    expect(found?.version).toBeUndefined();
    expect(found && describeLibrary(found)).toBe(`TensorFlow in ${folder}`);
  });

  test("in LIBTENSORFLOW_DIR laid out like the C library, whose file name has the version", async () => {
    const { folder } = sandbox();
    const { librarySuffix } = currentTarget();
    install(join(folder, "lib"), join(folder, "include"), "libtensorflow");
    const full = join(folder, "lib", `libtensorflow${librarySuffix}.18.0`);
    write(full);
    vi.stubEnv("LIBTENSORFLOW_DIR", folder);
    expect((await findLibTensorFlow())?.directory).toBe(join(folder, "lib"));
    const linked = sandbox().folder;
    install(join(linked, "lib"), join(linked, "include"), "unused");
    symlinkSync(full, join(linked, "lib", `libtensorflow${librarySuffix}`));
    vi.stubEnv("LIBTENSORFLOW_DIR", linked);
    if (process.platform === "linux") expect((await findLibTensorFlow())?.version).toBe("2.18.0");
  });

  test("with the version that its headers define", async () => {
    const { folder } = sandbox();
    install(folder, join(folder, "include"));
    write(
      join(folder, "include/tensorflow/core/public/version.h"),
      "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 17\n#define TF_PATCH_VERSION 1\n",
    );
    vi.stubEnv("LIBTENSORFLOW_DIR", folder);
    expect((await findLibTensorFlow())?.version).toBe("2.17.1");
  });

  test.each([
    ["no libraries", () => {}, /holds no libtensorflow_cc.* with libtensorflow_framework/],
    [
      "no headers",
      (folder: string) => install(folder, join(folder, "elsewhere")),
      /holds no include\/tensorflow\/c\/c_api\.h/,
    ],
  ])("in a LIBTENSORFLOW_DIR with %s is an error that says so", async (_, prepare, message) => {
    const { folder } = sandbox();
    prepare(folder);
    vi.stubEnv("LIBTENSORFLOW_DIR", folder);
    await expect(findLibTensorFlow()).rejects.toThrow(message);
    await expect(findLibTensorFlow()).rejects.toThrow(/unset it and run `metalearn setup`/);
  });

  test.each([
    ["2.21.0", "tensorflow", true],
    ["2.21.3", "tensorflow-cpu", true],
    ["2.16.1", "tensorflow", false],
  ])("in Python: version %s of %s is taken: %s", async (version, name, taken) => {
    const { folder, program } = sandbox();
    const directory = join(folder, "site-packages", "tensorflow");
    install(directory, join(directory, "include"));
    program("python3", `echo "${name} ${version} ${directory}"`);
    const found = await findLibTensorFlow();
    if (taken)
      expect(found).toMatchObject({ source: "python", directory, version, variant: "cpu" });
    else expect(found).toBeUndefined();
  });
});

test.skipIf(noTarget)("an addon counts for one TensorFlow only", async () => {
  const { folder } = sandbox();
  install(folder, join(folder, "include"));
  vi.stubEnv("LIBTENSORFLOW_DIR", folder);
  const found = await findLibTensorFlow();
  if (!found) throw new Error("it was just installed");
  const before = addonFor(found);
  expect(addonFor(found)).toEqual(before);
  expect(before.isBuilt).toBe(false);
  write(join(folder, found.libraries[0] ?? ""), "another version");
  expect(addonFor(found).directory).not.toBe(before.directory);
});
