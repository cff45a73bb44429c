import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cachedRoot, stateOf } from "../src/locate/cachedLibTensorFlow.js";
import { currentTarget, findTarget } from "../src/locate/target.js";
import { provide, runSetup, workFolders } from "./support/provide.js";
import { fakePython, fakeTensorFlowWheel, sandbox } from "./support/sandbox.js";

const noTarget = findTarget() ? undefined : "(TensorFlow is not published for this machine)";

describe.skipIf(noTarget)(`a setup that cannot succeed ${noTarget ?? ""}`, () => {
  test("says that Python is missing and how to install it", async () => {
    sandbox();
    await expect(runSetup()).rejects.toThrow(
      /Python 3 with pip is needed.*python3 does not run.*install/,
    );
  });

  test("says that pip is missing and how to install it", async () => {
    const { program } = sandbox();
    program("python3", 'echo "python3: No module named pip" >&2; exit 1');
    await expect(runSetup()).rejects.toThrow(/python3 has no pip.*No module named pip.*install/);
  });

  test("passes on why pip failed", async () => {
    const box = sandbox();
    fakePython(box, 'echo "ERROR: No matching distribution found" >&2; exit 1');
    await expect(runSetup()).rejects.toThrow(
      /pip could not download tensorflow.*==2\.21\.0: ERROR: No matching distribution found/,
    );
  });

  test("refuses a wheel that is damaged", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    const bytes = readFileSync(wheel);
    bytes[bytes.indexOf("the C API")] = 0; // the checksum in the archive tells
    writeFileSync(wheel, bytes);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await expect(provide()).rejects.toThrow(
      /wheel tensorflow_cpu.*\.whl is damaged: the checksum of .*libtensorflow_cc.* is wrong/,
    );
    expect(stateOf(cachedRoot("cpu"))).toBe("absent");
    expect(workFolders(box)).toEqual([]);
  });

  test("refuses a wheel that was cut short", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    writeFileSync(wheel, readFileSync(wheel).subarray(0, 200));
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await expect(provide()).rejects.toThrow(/\.whl is damaged/);
  });

  test("refuses a wheel without the C API", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    const { librarySuffix } = currentTarget();
    const bytes = readFileSync(wheel);
    const name = `libtensorflow_cc${librarySuffix}`;
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name)) bytes[at] = 0x78;
    writeFileSync(wheel, bytes);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await expect(provide()).rejects.toThrow(/should hold tensorflow\/libtensorflow_cc/);
  });

  test("says that a compiler is missing and how to install one", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await expect(runSetup()).rejects.toThrow(/A C\+\+17 compiler is needed.*g\+\+.*Install one/);
  });

  test("passes on what the compiler says", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    box.program("c++", '[ "$1" = --version ] && exit 0; echo "fatal error: no napi.h" >&2; exit 1');
    await expect(runSetup()).rejects.toThrow(
      /c\+\+ could not compile the addon.*said:\nfatal error: no napi\.h/,
    );
  });

  test("does not take an addon that does not load", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    box.program("c++", 'while [ $# -gt 1 ]; do [ "$1" = -o ] && echo nothing > "$2"; shift; done');
    await expect(runSetup()).rejects.toThrow(/was compiled .*, but does not work: .*engine\.node/);
    expect(existsSync(join(box.cache, "addons"))).toBe(false);
  });

  test("says where it cannot write", async () => {
    const { folder, cache } = sandbox();
    mkdirSync(folder, { recursive: true });
    writeFileSync(cache, "a file where the folder should be");
    await expect(runSetup()).rejects.toThrow(
      /cannot write to its cache directory.*METALEARN_CACHE/,
    );
  });
});
