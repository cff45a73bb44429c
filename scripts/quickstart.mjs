// `npm run quickstart`: from a bare clone to a comparison of meta-learners and its report.
import { join } from "node:path";
import { build, install, metalearn, requireNode, root, run, setupEngine, step } from "./steps.mjs";

const begun = Date.now();
const example = join(root, "examples/quickstart");

requireNode();
install();
build();
const overrides = setupEngine() ? [] : shortened();
step("Generate small tasks", () => run(process.execPath, [join(example, "makeTasks.mjs")]));
step("Compare MetaICL, FOMAML, MAML-en-LLM and no training", () =>
  metalearn([
    "compare",
    "--config",
    join(example, "metalearn.config.yaml"),
    ...overrides,
    ...process.argv.slice(2),
  ]),
);
console.log(`\nDone in ${((Date.now() - begun) / 60_000).toFixed(1)} minutes.`);
console.log(
  "Change examples/quickstart/metalearn.config.yaml and run it again; finished runs are kept.",
);

/** WebAssembly is about three times slower: fewer steps keep the comparison under ten minutes. */
function shortened() {
  console.log("Training for 300 batches instead of 800, to end within ten minutes.");
  return ["train.steps=300", "out=runs/quickstart-wasm"];
}
