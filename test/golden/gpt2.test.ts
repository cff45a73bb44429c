import { testForwardBackward } from "../support/forwardBackward.js";
import { committed, sourcesOf } from "../support/golden.js";
import { openTinyModel, tinyParams } from "../support/tiny.js";

const file = "gpt2-tiny/forward_backward_hvp.json";

for (const source of sourcesOf(file)) {
  testForwardBackward({
    title: "GPT-2",
    source,
    file,
    model: openTinyModel(source),
    compiles: source === committed,
    openParams: () => tinyParams(source),
  });
}
