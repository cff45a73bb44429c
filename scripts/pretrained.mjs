// `npm run pretrained`: from a bare clone to in-context learning with a pretrained model.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, install, metalearn, requireNode, root, setupEngine, step } from "./steps.mjs";

const { values, positionals } = parseArgs({
  options: { data: { type: "string" } },
  allowPositionals: true,
});
const example = join(root, "examples/pretrained");

requireNode();
install();
build();
setupEngine();

const { fetchModel } = await import("../examples/pretrained/fetchModel.mjs");
const { makeTasks } = await import("../examples/pretrained/makeTasks.mjs");
let weights = "";
try {
  console.log("\n== The model");
  weights = await fetchModel();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await makeTasks();
step("What it is", () => metalearn(["model", "show", weights]));
step("In-context learning on six generated tasks: a pair of words, of which one is right", () =>
  compare("pretrained"),
);
if (values.data) {
  // MetaICL's tasks, with the channel method: for a model that was never meta-trained it is the better one.
  const targets = ["poem_sentiment", "financial_phrasebank", "commonsense_qa", "superglue-copa"];
  step("In-context learning on MetaICL's tasks", () =>
    compare(
      "pretrained-metaicl",
      `tasks.root=${resolve(process.env.INIT_CWD ?? ".", values.data)}`,
      ...["tasks.setting=hr_to_lr", "tasks.method=channel"],
      `tasks.targets=${JSON.stringify(targets)}`,
    ),
  );
}
const prompt = "Once upon a time, there was a little girl who";
step(`A sentence: "${prompt} ..."`, () =>
  metalearn(["predict", "--checkpoint", weights, "--input", prompt, "--max-new-tokens", "24"]),
);

/**
 * @param {string} out folder of the runs, in `runs`
 * @param {readonly string[]} changes to the config
 */
function compare(out, ...changes) {
  return metalearn([
    ...["compare", "--config", join(example, "metalearn.config.yaml")],
    ...[`model.weights=${weights}`, `out=runs/${out}`, ...changes, ...positionals],
  ]);
}
