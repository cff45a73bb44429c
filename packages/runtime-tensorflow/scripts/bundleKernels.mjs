// Bundles the kernels and the backend class of @tensorflow/tfjs-node-gpu, which are plain JavaScript.
// What is published then does not depend on that package, whose installer would download an engine
// that is never used. Its index is left out, because it loads that engine.
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "vite";

const { resolve } = createRequire(import.meta.url);
const dist = join(resolve("@tensorflow/tfjs-node-gpu/package.json"), "../dist");
const tfjs = "@tensorflow/tfjs";
const entry = "kernels:entry";
const code = ["register_all_kernels", "nodejs_kernel_backend"]
  .map((name) => `require(${JSON.stringify(join(dist, name))})`)
  .join(";\nmodule.exports = ");

await build({
  root: join(import.meta.dirname, ".."),
  configFile: false,
  logLevel: "warn",
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: "kernels",
    minify: false,
    rolldownOptions: {
      input: { kernels: entry },
      external: [tfjs, `${tfjs}-core`],
      output: { format: "cjs", entryFileNames: "[name].cjs", paths: { [`${tfjs}-core`]: tfjs } },
    },
  },
  plugins: [
    {
      name: "entry",
      resolveId: (id) => (id === entry ? id : undefined),
      load: (id) => (id === entry ? code : undefined),
    },
  ],
});
