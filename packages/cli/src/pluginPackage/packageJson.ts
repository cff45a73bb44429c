import { createRequire } from "node:module";
import { pluginKeyword } from "@metalearn/core/runs";
import type { PluginKind } from "./kinds.js";

const require = createRequire(import.meta.url);

/** Development dependencies of a new plugin: the tools that metalearn itself is built with. */
export const toolVersions = {
  "@types/node": "^20.19.43",
  typescript: "^6.0.3",
  vitest: "^4.1.12",
} as const;

/** Kinds whose components compute with tensors. */
const tensorKinds: readonly PluginKind[] = [
  "learner",
  "model",
  "language-model",
  "adapter",
  "tasks",
  "optimizer",
  "runtime",
];

/** Writes the package.json of a new plugin, for the versions of metalearn that are installed here. */
export function packageJson(name: string, kind: PluginKind) {
  const isLanguageModel = kind === "language-model";
  const peers = [
    installed("@metalearn/core"),
    ...(isLanguageModel ? [installed("@metalearn/language-models")] : []),
    ...(tensorKinds.includes(kind) ? [installed("@tensorflow/tfjs")] : []),
  ];
  return {
    name,
    version: "0.1.0",
    description: `A plugin of metalearn: ${kind}`,
    keywords: [pluginKeyword, "meta-learning"],
    license: "MIT",
    type: "module",
    engines: { node: ">=20.19" },
    sideEffects: false,
    files: ["dist"],
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    scripts: {
      build: "tsc -p tsconfig.build.json",
      check: "tsc",
      test: "vitest run",
      compare: `npm run build && ${isLanguageModel ? "node makeTasks.mjs && " : ""}metalearn compare`,
      prepack: "npm run build",
    },
    dependencies: Object.fromEntries([installed("zod")]),
    peerDependencies: Object.fromEntries(peers),
    devDependencies: Object.fromEntries([
      installed("@metalearn/cli"),
      ...(isLanguageModel ? [installed("@metalearn/datasets-crossfit")] : []),
      ...peers,
      ...Object.entries(toolVersions),
    ]),
  };
}

/** Version range of one of metalearn's packages that is compatible with the installed one. */
function installed(name: string): [name: string, range: string] {
  const file = name === "@metalearn/cli" ? "../../package.json" : `${name}/package.json`;
  return [name, `^${(require(file) as { version: string }).version}`];
}
