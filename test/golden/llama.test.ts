import { join } from "node:path";
import { testForwardBackward } from "../support/forwardBackward.js";
import { openTinyLlama, tinyLlamaParams, tinyLlamas } from "../support/tinyLlamas.js";

for (const tiny of tinyLlamas) {
  testForwardBackward({
    title: tiny.folder,
    source: tiny.source,
    file: join(tiny.folder, "forward_backward_hvp.json"),
    model: await openTinyLlama(tiny),
    compiles: tiny === tinyLlamas[0],
    openParams: () => tinyLlamaParams(tiny),
  });
}
