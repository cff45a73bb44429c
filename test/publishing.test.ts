import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { registryProblem, succeed } from "./support/npm.js";
import { publishedPackages as packages } from "./support/publishedPackages.js";

const root = join(import.meta.dirname, "..");
const { packageManager, repository } = JSON.parse(
  await readFile(join(root, "package.json"), "utf8"),
);
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 }); // npm may take its time

let folder: string;
/** The packed packages, by the names of their folders. */
const tarballs = new Map<string, string>();
const tarballOf = (name: string) => tarballs.get(name) ?? `${name} was not packed`;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "metalearn-publishing-")));
  const packed = join(folder, "packed");
  const pnpm = ["--yes", packageManager, "--recursive", "--filter", "./packages/*"];
  await succeed(root, "npx", ...pnpm, "pack", "--pack-destination", packed);
  const files = await readdir(packed);
  for (const name of packages) {
    const file = files.find((entry) => new RegExp(`^metalearn-${name}-\\d`).test(entry));
    if (file) tarballs.set(name, join(packed, file));
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(packages)("%s, as it is published,", (name) => {
  test("tells npm where it comes from, what it is and who may read it", async () => {
    const text = await readFile(join(root, "packages", name, "package.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({
      name: `@metalearn/${name}`,
      description: expect.stringMatching(/\w/),
      license: "Apache-2.0",
      repository: { ...repository, directory: `packages/${name}` },
      type: "module",
      engines: { node: ">=20.19" },
      keywords: expect.arrayContaining(
        ["core", "cli", "language-models"].includes(name)
          ? ["meta-learning"]
          : ["meta-learning", "metalearn-plugin"],
      ),
      sideEffects: false,
      publishConfig: { access: "public", provenance: true },
    });
  });

  test("is clean to publint", async () => {
    const tarball = await readFile(tarballOf(name));
    const { messages, pkg } = await publint({
      pack: { tarball: new Uint8Array(tarball).buffer },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types that are found and right, in every way that ES modules are imported", async () => {
    const tarball = await readFile(tarballOf(name));
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
    if (!result.types) throw new Error("There are no types.");
    // Only ES modules are published: CommonJS has them by require() of Node.js itself, and resolution
    // as before Node.js 12 knows no `exports`.
    const problems = result.problems.filter(
      (problem) =>
        problem.kind !== "CJSResolvesToESM" &&
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(problems).toEqual([]);
  });
});

const unreachable = registryProblem();
describe.skipIf(unreachable)(
  `outside of this repository${unreachable ? ` (${unreachable})` : ""}`,
  () => {
    const plugin = "@outside/metalearn-steady";
    const install = ["install", "--no-audit", "--no-fund", "--prefer-offline"];
    const author = () => join(folder, "author");
    const authored = () => join(author(), "metalearn-steady");
    const user = () => join(folder, "user");

    const project = async (path: string, manifest: object = {}) => {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "package.json"), JSON.stringify({ private: true, ...manifest }));
    };
    const manifest = async (path: string) =>
      JSON.parse(await readFile(join(path, "package.json"), "utf8"));
    const ours = () => packages.map(tarballOf);

    test("an author creates a plugin, which passes its tests at once", async () => {
      await project(author());
      await succeed(author(), "npm", ...install, ...ours());
      await succeed(author(), "npx", "metalearn", "plugin", "create", plugin);
      // A workspace, in which ours are found although no registry has them.
      await project(author(), {
        ...(await manifest(author())),
        workspaces: ["metalearn-steady"],
      });
      await succeed(author(), "npm", ...install);
      await succeed(authored(), "npm", "run", "check");
      expect(await succeed(authored(), "npm", "test")).toMatch(/Tests +\d+ passed \(/);
    });

    test("somebody else compares it with ours", async () => {
      await succeed(authored(), "npm", "pack", "--pack-destination", folder);
      await project(user());
      const { devDependencies } = await manifest(authored());
      const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
      const packed = join(folder, "outside-metalearn-steady-0.1.0.tgz");
      await succeed(user(), "npm", ...install, ...ours(), packed, ...tools);
      await writeFile(join(user(), "metalearn.config.json"), JSON.stringify(comparison));
      const table = await succeed(user(), "npx", "metalearn", "compare");
      const rows = [...table.matchAll(/^│ ([\w-]+)/gm)].map((match) => match[1]);
      expect(rows).toEqual(["steady", "fomaml", "random"]);
      const listed = await succeed(user(), "npx", "metalearn", "plugins");
      expect(listed).toMatch(/^@outside\/metalearn-steady 0\.1\.0 .*\n {2}learner: steady$/m);
    });

    test.each(["nodenext", "bundler"])("types are found under %s", async (moduleResolution) => {
      const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
      await writeFile(join(user(), "uses.ts"), usesOfTypes());
      const compilerOptions = { strict: true, noEmit: true, target: "es2022", types: ["node"] };
      const options = { ...compilerOptions, module, moduleResolution, skipLibCheck: true };
      const config = join(user(), `tsconfig.${moduleResolution}.json`);
      await writeFile(config, JSON.stringify({ compilerOptions: options, files: ["uses.ts"] }));
      const tsc = join(user(), "node_modules/typescript/bin/tsc");
      expect(await succeed(user(), "node", tsc, "-p", config)).toBe("");
    });

    test("CommonJS requires every package", async () => {
      await writeFile(join(user(), "uses.cjs"), usesInCommonJs());
      const names = [...packages.map((name) => `@metalearn/${name}`), plugin];
      expect(
        (await succeed(user(), "node", "--no-warnings", "uses.cjs")).trim().split("\n"),
      ).toEqual(names);
    });

    /** Two learners on a few sine curves. */
    const comparison = {
      plugins: ["@metalearn/*", plugin],
      runtime: { use: "wasm" },
      model: { use: "mlp", sizes: [1, 8, 1], loss: "mse" },
      tasks: { use: "sinusoid", shots: 5, targetEpisodes: 2 },
      optimizer: { use: "adam", learningRate: 0.001 },
      train: { steps: 4, stepUnit: "updates", batchSize: 5 },
      evaluate: { seeds: [100] },
      compare: {
        runs: {
          steady: { learner: { use: "steady", tasks: 2 } },
          fomaml: {
            learner: {
              use: "fomaml",
              tasks: 2,
              innerOptimizer: { use: "sgd", learningRate: 0.01 },
            },
          },
        },
      },
    };

    /** Program that imports all entry points and uses some of their types. */
    function usesOfTypes(): string {
      const imports = packages.map(
        (name) => `import * as ${name.replaceAll("-", "_")} from "@metalearn/${name}";`,
      );
      const defaults = packages.filter(
        (name) => !["core", "cli", "language-models"].includes(name),
      );
      return [
        ...imports,
        'import { testLearner, toyModel } from "@metalearn/core/testing";',
        'import { downloadFromHub } from "@metalearn/core/hub";',
        `import plugin, { steady, type SteadyOptions } from "${plugin}";`,
        "const options: SteadyOptions = { tasks: 2 };",
        "const learner: core.Learner = steady(options);",
        `const plugins: core.Plugin[] = [plugin, ${defaults.map((name) => `${name.replaceAll("-", "_")}.default`).join(", ")}];`,
        "// @ts-expect-error: a learner has no such option, so that its options are not any",
        "steady({ task: 2 });",
        "export { cli, downloadFromHub, learner, plugins, testLearner, toyModel };",
      ].join("\n");
    }

    function usesInCommonJs(): string {
      const names = [...packages.map((name) => `@metalearn/${name}`), plugin];
      return `for (const name of ${JSON.stringify(names)}) if (Object.keys(require(name)).length > 0) console.log(name);`;
    }
  },
);
