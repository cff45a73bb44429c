import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "@metalearn/core";
import { describe, expect, test, vi } from "vitest";
import { diagnose } from "../src/doctor/diagnose.js";
import { addonFor } from "../src/locate/addon.js";
import type { LibTensorFlow } from "../src/locate/layout.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { findTarget } from "../src/locate/target.js";
import { provideLibTensorFlow } from "../src/setup/provideLibTensorFlow.js";
import { withWorkDirectory } from "../src/setup/workDirectory.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { fakePython, fakeTensorFlowWheel, type Sandbox, sandbox } from "./support/sandbox.js";

const noTarget = findTarget() ? undefined : "(TensorFlow is not published for this machine)";
const native = noNativeEngine ? undefined : await findLibTensorFlow();
const path = process.env.PATH;

const about = (findings: readonly Finding[], topic: string) =>
  findings.find((finding) => finding.topic === topic);

/** Makes the setup believe that TensorFlow was unpacked. */
async function installFakeTensorFlow(box: Sandbox): Promise<LibTensorFlow> {
  const wheel = fakeTensorFlowWheel(box);
  fakePython(box, `/bin/cp ${wheel} "$dest"`);
  const { library } = await withWorkDirectory((workDirectory) =>
    provideLibTensorFlow({ cuda: false, force: false, workDirectory, notify: () => {} }),
  );
  return library;
}

/** Puts a file in the place of the compiled engine. */
function installEngine(library: LibTensorFlow, content: string | Buffer): void {
  const { directory, engine, preload } = addonFor(library);
  mkdirSync(directory, { recursive: true });
  writeFileSync(engine, content);
  writeFileSync(preload, "");
}

test("describes the machine", async () => {
  sandbox();
  const findings = await diagnose();
  expect(about(findings, "Node.js")?.message).toContain(process.version);
  expect(about(findings, "Processor")?.message).toMatch(/\d+ cores/);
  expect(about(findings, "Memory")?.message).toMatch(/^[\d.]+ GiB of [\d.]+ GiB available$/);
  expect(about(findings, "WebAssembly")?.status).toBe("ok");
});

describe.skipIf(noTarget)(`broken machines ${noTarget ?? ""}`, () => {
  test("with nothing set up, each thing that is missing comes with the command that helps", async () => {
    sandbox();
    const findings = await diagnose();
    expect(about(findings, "TensorFlow")).toMatchObject({
      status: "missing",
      fix: "metalearn setup",
    });
    expect(about(findings, "Addon")).toBeUndefined();
    expect(about(findings, "Python")).toMatchObject({
      status: "missing",
      message: expect.stringMatching(/python3 does not run/),
      fix: expect.stringMatching(/install python/),
    });
    expect(about(findings, "C++ compiler")).toMatchObject({
      status: "missing",
      fix: expect.stringMatching(/g\+\+|xcode-select/),
    });
  });

  test("a wrong LIBTENSORFLOW_DIR is found out", async () => {
    sandbox();
    vi.stubEnv("LIBTENSORFLOW_DIR", "/nowhere");
    expect(about(await diagnose(), "TensorFlow")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("/nowhere holds no libtensorflow_cc"),
      fix: "unset LIBTENSORFLOW_DIR",
    });
  });

  test("a wrong CXX is found out", async () => {
    sandbox();
    vi.stubEnv("CXX", "no-such-compiler -O3");
    expect(about(await diagnose(), "C++ compiler")).toMatchObject({
      status: "missing",
      message: expect.stringContaining('CXX="no-such-compiler -O3" does not run'),
      fix: "unset CXX",
    });
  });

  test("a library that was cut short is found out without loading it", async () => {
    const library = await installFakeTensorFlow(sandbox());
    writeFileSync(join(library.directory, library.libraries[0] ?? ""), "th");
    expect(about(await diagnose(), "TensorFlow")).toMatchObject({
      status: "warning",
      message: expect.stringMatching(/is damaged: .* has 2 bytes instead of 9/),
      fix: "metalearn setup",
    });
  });

  test("an addon that is not built is found out", async () => {
    await installFakeTensorFlow(sandbox());
    const findings = await diagnose();
    expect(about(findings, "TensorFlow")?.status).toBe("ok");
    expect(about(findings, "Addon")).toMatchObject({ status: "missing", fix: "metalearn setup" });
  });

  test("an addon that is no library is found out", async () => {
    installEngine(await installFakeTensorFlow(sandbox()), "not a library");
    expect(about(await diagnose(), "Addon")).toMatchObject({
      status: "warning",
      message: expect.stringMatching(/built, but does not work: .*engine\.node/),
      fix: "metalearn setup --force",
    });
  });

  test("an addon that crashes the process is found out by a process of its own", async ({
    skip,
  }) => {
    const box = sandbox();
    const library = await installFakeTensorFlow(box);
    installEngine(library, "");
    const source = join(box.folder, "crash.c");
    writeFileSync(source, "__attribute__((constructor)) static void f(void) { __builtin_trap(); }");
    try {
      execFileSync("cc", ["-shared", "-fPIC", source, "-o", addonFor(library).engine], {
        env: { ...process.env, PATH: path },
      });
    } catch {
      skip("needs a C compiler");
    }
    expect(about(await diagnose(), "Addon")).toMatchObject({
      status: "warning",
      message: expect.stringMatching(/built, but does not work: ended by SIG/),
      fix: "metalearn setup --force",
    });
  });
});

describe.skipIf(!native)(`with the real TensorFlow ${noNativeEngine ?? ""}`, () => {
  test("a machine that is set up has nothing to mend", async () => {
    const findings = await diagnose();
    expect(about(findings, "TensorFlow")?.status).toBe("ok");
    expect(about(findings, "Addon")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("loads and computes"),
    });
    expect(about(findings, "Device")).toBeDefined();
    expect(findings.filter(({ fix }) => fix !== undefined)).toEqual([]);
  });

  test("tools that are missing do not matter then", async () => {
    const { LIBTENSORFLOW_DIR, METALEARN_CACHE } = process.env;
    sandbox();
    vi.stubEnv("LIBTENSORFLOW_DIR", LIBTENSORFLOW_DIR);
    vi.stubEnv("METALEARN_CACHE", METALEARN_CACHE);
    if (native?.source === "python") return; // needs python3, which is not there now
    expect(about(await diagnose(), "Python")).toMatchObject({
      status: "info",
      message: expect.stringContaining("needed only for the next setup"),
    });
  });

  test("an addon that loads another TensorFlow than it stands for is found out", async () => {
    if (!native) return;
    const engine = addonFor(native).engine;
    const { folder, cache } = sandbox();
    for (const file of native.libraries) {
      symlinkSync(join(native.directory, file), join(folder, file));
    }
    mkdirSync(join(folder, "include/tensorflow/core/public"), { recursive: true });
    symlinkSync(
      join(native.includeDirectory, "tensorflow/c"),
      join(folder, "include/tensorflow/c"),
    );
    writeFileSync(
      join(folder, "include/tensorflow/core/public/version.h"),
      "#define TF_MAJOR_VERSION 2\n#define TF_MINOR_VERSION 3\n#define TF_PATCH_VERSION 4\n",
    );
    vi.stubEnv("LIBTENSORFLOW_DIR", folder);
    const pretended = await findLibTensorFlow();
    if (!pretended) throw new Error("it was just installed");
    installEngine(pretended, "");
    copyFileSync(engine, addonFor(pretended).engine);
    // An addon of the cache looks for its TensorFlow there.
    symlinkSync(join(native.directory, "../.."), join(cache, "engines"));
    expect(about(await diagnose(), "Addon")).toMatchObject({
      status: "warning",
      message: expect.stringMatching(/loads TensorFlow 2\.\d+\.\d+, but is built for 2\.3\.4/),
      fix: "metalearn setup --force",
    });
  });
});
