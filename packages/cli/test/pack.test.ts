import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MetaError, type PackedFile } from "@metalearn/core";
import { emptyProject } from "@metalearn/test-support/project";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { archive } from "../src/pack/archive.js";
import { compress } from "../src/pack/compress.js";
import { requireMovableNode } from "../src/pack/movableNode.js";
import { packageFiles } from "../src/pack/packageFiles.js";
import { packageTree } from "../src/pack/packageTree.js";
import { writeParts } from "../src/pack/parts.js";
import { archiveName, checksumsName, unpackScript } from "../src/pack/scripts.js";

const inside = temporaryFolder();

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("an archive", () => {
  // A header holds 100 bytes of a name, 155 of the folders before it and 100 of a link.
  const longPath = `${"folder/".repeat(20)}${"n".repeat(90)}.txt`;
  const longName = `${"n".repeat(150)}.txt`;
  const longFolders = `${"ordner/".repeat(50)}${"ü".repeat(60)}.txt`;
  const longLink = `${"up/".repeat(50)}ü`;

  /** Writes an archive as `metalearn pack` does and has the system's programs unpack it. */
  async function unpack(files: readonly PackedFile[], partBytes: number) {
    mkdirSync(inside("parts"));
    mkdirSync(inside("unpacked"));
    const parts = await writeParts(compress(archive(files), 6), {
      folder: inside("parts"),
      name: "a.tar.gz",
      partBytes,
    });
    execFileSync("sh", ["-c", "cat parts/a.tar.gz.* | gzip -dc | tar -xf - -C unpacked"], {
      cwd: inside(),
    });
    return parts;
  }

  test("is unpacked by tar as it was, with long paths, programs and links", async () => {
    writeFileSync(inside("program"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(inside("empty"), "");
    symlinkSync("../there", inside("link"));
    symlinkSync(longLink, inside("long link"));
    await unpack(
      [
        { path: "bin/program", source: inside("program") },
        { path: "bin/empty", source: inside("empty") },
        { path: "bin/link", source: inside("link") },
        { path: "bin/long link", source: inside("long link") },
        { path: longPath, content: "deep" },
        { path: longName, content: "long" },
        { path: longFolders, content: "deeper" },
        { path: "with space/ü", content: "ü" },
      ],
      1e6,
    );
    expect(readFileSync(inside("unpacked", longPath), "utf8")).toBe("deep");
    expect(readFileSync(inside("unpacked", longName), "utf8")).toBe("long");
    expect(readFileSync(inside("unpacked", longFolders), "utf8")).toBe("deeper");
    expect(readFileSync(inside("unpacked/with space/ü"), "utf8")).toBe("ü");
    expect(statSync(inside("unpacked/bin/program")).mode & 0o777).toBe(0o755);
    expect(statSync(inside("unpacked/bin/empty")).size).toBe(0);
    expect(readlinkSync(inside("unpacked/bin/link"))).toBe("../there");
    expect(readlinkSync(inside("unpacked/bin/long link"))).toBe(longLink);
    expect(lstatSync(inside("unpacked/bin/link")).isSymbolicLink()).toBe(true);
  });

  test.skipIf(spawnSync("python3", ["--version"]).status !== 0)(
    "has no times and no owners, as Python's tarfile reads it (skipped without python3)",
    async () => {
      writeFileSync(inside("program"), "#!/bin/sh\n", { mode: 0o700 });
      const files = [
        { path: "bin/program", source: inside("program") },
        { path: longFolders, content: "deeper" },
      ];
      writeFileSync(inside("a.tar"), await bytesOf(archive(files)));
      const script = `import json, sys, tarfile
print(json.dumps([[m.name, m.mode, m.uid, m.gid, m.mtime, m.size] for m in tarfile.open(sys.argv[1])]))`;
      expect(
        JSON.parse(execFileSync("python3", ["-c", script, inside("a.tar")]).toString()),
      ).toEqual([
        ["bin/program", 0o755, 0, 0, 0, 10],
        [longFolders, 0o644, 0, 0, 0, 6],
      ]);
    },
  );

  test("of more than a block comes in parts of the given size, with their checksums", async () => {
    const noise = randomBytes(20e6); // gzip cannot shorten it: two of its blocks
    writeFileSync(inside("noise"), noise);
    const parts = await unpack([{ path: "noise", source: inside("noise") }], 3e6);
    expect(parts.map(({ bytes }) => bytes).slice(0, -1)).toEqual(Array(6).fill(3e6));
    for (const { name, sha256, bytes } of parts) {
      const content = readFileSync(inside("parts", name));
      expect(content.length).toBe(bytes);
      expect(createHash("sha256").update(content).digest("hex")).toBe(sha256);
    }
    expect(readFileSync(inside("unpacked/noise")).equals(noise)).toBe(true);
  });

  test("is the same for the same files", async () => {
    const files = [{ path: "a", content: "1" }];
    const first = await bytesOf(archive(files));
    expect(first.equals(await bytesOf(archive(files)))).toBe(true);
  });

  test("refuses a file that changes while it is read", async () => {
    writeFileSync(inside("log"), "one line\n");
    const chunks = archive([{ path: "log", source: inside("log") }]);
    await chunks.next();
    writeFileSync(inside("log"), "one line\nand another\n");
    await expect(bytesOf(chunks)).rejects.toThrow(/Expected 9 bytes of log, got 21/);
  });
});

describe("the script that unpacks", () => {
  const script = unpackScript("a thing", 1);

  /** Writes three parts and the script beside them, as `metalearn pack` does. */
  async function writeTiny(): Promise<void> {
    mkdirSync(inside("parts"));
    const files = [
      { path: "noise", content: randomBytes(2_000).toString("hex") },
      { path: "metalearn", content: "#!/bin/sh\n", mode: 0o755 },
    ];
    const place = { folder: inside("parts"), name: archiveName, partBytes: 1_000 };
    const parts = await writeParts(compress(archive(files), 6), place);
    expect(parts).toHaveLength(3);
    const sums = parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
    writeFileSync(inside("parts", checksumsName), sums);
    writeFileSync(inside("parts/unpack.sh"), script);
  }

  function unpackTo(target: string, path = process.env.PATH ?? "") {
    const env = { PATH: path };
    const call = ["parts/unpack.sh", target];
    return spawnSync("/bin/sh", call, { cwd: inside(), encoding: "utf8", env });
  }

  test("leaves what was packed in a folder with a space in its name", async () => {
    await writeTiny();
    expect(unpackTo("a place")).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(inside("a place"))).toEqual(["metalearn", "noise"]);
  });

  test("says which parts are damaged and missing, and unpacks nothing", async () => {
    await writeTiny();
    const [, second, third] = ["000", "001", "002"].map((n) =>
      inside("parts", `${archiveName}.${n}`),
    );
    truncateSync(second as string, 999);
    rmSync(third as string);
    const { status, stderr } = unpackTo("place");
    expect(status).toBe(1);
    expect(stderr).toMatch(/\.001: FAILED\n[\s\S]*\.002: FAILED open/);
    expect(stderr).toMatch(/Parts are missing or damaged: copy them again\.\n$/);
    expect(existsSync(inside("place"))).toBe(false);
  });

  test("does not unpack over another, nor without the programs that it needs", async () => {
    await writeTiny();
    mkdirSync(inside("place"));
    writeFileSync(inside("place/metalearn"), "mine");
    expect(unpackTo("place")).toMatchObject({
      status: 1,
      stderr: "place holds metalearn already. Remove it, or choose another folder.\n",
    });
    expect(unpackTo("elsewhere", inside())).toMatchObject({
      status: 1,
      stderr: "Unpacking needs the program cat, which is not here.\n",
    });
  });
});

describe("the packages of an application", () => {
  /** Installs a package: its folder, and a module that exports its version. */
  function install(folder: string, version: string, manifest: object = {}): void {
    mkdirSync(inside(folder), { recursive: true });
    const name = folder.split("node_modules/").at(-1);
    writeFileSync(inside(folder, "package.json"), JSON.stringify({ name, version, ...manifest }));
    writeFileSync(inside(folder, "index.js"), `module.exports = "${version}"`);
  }

  /** Writes a tree of packages, and asks Node.js which version of another one a package resolves. */
  function place(tree: ReadonlyMap<string, string>) {
    for (const [path, directory] of tree) {
      for (const { path: file, source } of packageFiles(path, directory) as {
        path: string;
        source: string;
      }[]) {
        mkdirSync(dirname(inside("packed", file)), { recursive: true });
        cpSync(source, inside("packed", file));
      }
    }
    return (from: string, name: string) =>
      createRequire(inside("packed", from, "index.js"))(name) as string;
  }

  test("each finds the version that it found before, also where two differ", () => {
    install("app/node_modules/a", "1", { dependencies: { shared: "^1", b: "*" } });
    install("app/node_modules/b", "1", { dependencies: { shared: "^2" } });
    install("app/node_modules/shared", "1.5");
    install("app/node_modules/b/node_modules/shared", "2.5", { dependencies: { deep: "*" } });
    install("app/node_modules/deep", "1", { dependencies: { shared: "^1" } });
    const tree = packageTree([{ name: "a", from: inside("app") }]);
    const sees = place(tree);
    expect(sees("node_modules/a", "shared")).toBe("1.5");
    expect(sees("node_modules/b", "shared")).toBe("2.5");
    expect(sees("node_modules/deep", "shared")).toBe("1.5");
  });

  test("a peer that is optional stays behind, a dependency that is missing is an error", () => {
    install("app/node_modules/a", "1", {
      peerDependencies: { tests: "*", core: "*" },
      peerDependenciesMeta: { tests: { optional: true } },
      optionalDependencies: { fast: "*" },
    });
    install("app/node_modules/tests", "1");
    install("app/node_modules/core", "1");
    const roots = [{ name: "a", from: inside("app") }];
    expect([...packageTree(roots).keys()]).toEqual(["node_modules/a", "node_modules/core"]);
    install("app/node_modules/a", "1", { dependencies: { gone: "*" } });
    expect(() => packageTree(roots)).toThrow(/"gone" should be packed, but is not installed/);
  });

  test("a package that is no installed copy gives what would be published", () => {
    mkdirSync(inside("own/dist"), { recursive: true });
    mkdirSync(inside("own/test"));
    writeFileSync(inside("own/package.json"), JSON.stringify({ files: ["dist"] }));
    for (const file of [
      "dist/a.js",
      "dist/a.js.map",
      "dist/a.d.ts",
      "test/a.js",
      "tsconfig.json",
    ]) {
      writeFileSync(inside("own", file), "");
    }
    const paths = packageFiles("node_modules/own", inside("own")).map(({ path }) => path);
    expect(paths.toSorted()).toEqual([
      "node_modules/own/dist/a.js",
      "node_modules/own/package.json",
    ]);
  });
});

test("a Node.js on shared libraries of its distribution is refused", () => {
  const debian = { node_shared: true, node_shared_zlib: "true", node_shared_openssl: false };
  expect(() => requireMovableNode(debian)).toThrow(MetaError);
  expect(() => requireMovableNode(debian)).toThrow(/node_shared, node_shared_zlib/);
  expect(() => requireMovableNode({ node_shared: false })).not.toThrow();
});

describe("metalearn pack", () => {
  test.each([
    [
      ["--part-size", "60MB"],
      /--part-size <size>' argument '60MB' is invalid\. Expected a size, such as 60M or 2G/,
    ],
    [
      ["--level", "10"],
      /--level <number>' argument '10' is invalid\. Expected 0 for no compression to 9 for small/,
    ],
    [["--without", "cublas"], /no part called "cublas" that could be left out. Known: lean, nccl/],
  ])("refuses %j", async (flags, message) => {
    const project = await emptyProject();
    const { code, stderr } = await project.metalearn(["pack", "out", ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    const out = join(project.folder, "out");
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  test("refuses a folder with something in it", async () => {
    const project = await emptyProject();
    await project.write("out/file", "mine");
    const { code, stderr } = await project.metalearn(["pack", "out"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Expected an empty folder for the pack, got .*out, which is not empty/);
    expect(await project.read(join("out", "file"))).toContain("mine");
  });
});
