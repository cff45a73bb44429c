/**
 * Draws docs/figures/second-order.svg: the size of the second-order part of MAML-en-LLM's meta-gradient in
 * the course of training, with moments that inner and outer AdamW share and with moments that every inner
 * loop resets.
 *
 *   npx tsx --conditions=@metalearn/source bench/secondOrder.ts ROOT SETTING [UPDATES]
 *
 * ROOT is a data folder in MetaICL's layout, SETTING for example hr_to_lr.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type MomentSharing, mamlEnLlm } from "@metalearn/algorithms-maml";
import { renderChart } from "@metalearn/cli";
import { disposeParams, globalNorm, type Learner, mapParams, metaTrain } from "@metalearn/core";
import { crossfit } from "@metalearn/datasets-crossfit";
import { gpt2, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { adamw, chain, clipByGlobalNorm } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";
import { dot, line, text, windowY } from "@observablehq/plot";
import * as tf from "@tensorflow/tfjs";

const [root, setting, length = "200"] = process.argv.slice(2);
if (!root || !setting) throw new Error("Usage: secondOrder.ts ROOT SETTING [UPDATES]");
const updates = Number(length);
const learningRate = 1e-3; // inner and outer, as in the paper

interface Point {
  readonly moments: MomentSharing;
  readonly update: number;
  /** |second order - first order| / |first order| */
  readonly share: number;
}

const runtime = await auto(console.warn);
const shape = { vocabularySize: gpt2Tokenizer.vocabularySize, maxTokens: 128, width: 32 };
const model = gpt2({ ...shape, layers: 2, heads: 2, initializerRange: 0.1 }, gpt2Tokenizer);
const options = { root, setting, tokenizer: gpt2Tokenizer, maxTokens: 128, shots: 2 };
const tasks = await crossfit({ ...options, targets: [] });

const points = [...(await train("shared")), ...(await train("reset"))];
runtime.dispose();
const folder = join(import.meta.dirname, "../docs/figures");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "second-order.svg"), draw(points));

/** Trains with second order, and measures the difference from first order at every second update. */
async function train(moments: MomentSharing): Promise<Point[]> {
  const shares: Point[] = [];
  const same = { innerOptimizer: adamw({ learningRate }), tasks: 1, size: 1, moments };
  const [second, first] = [2, 1].map((order) =>
    mamlEnLlm({ ...same, order: order as 1 | 2, taskUnit: "mixture" }),
  ) as [Learner, Learner];
  const learner: Learner = {
    ...second,
    metaGradient(...given) {
      const exact = second.metaGradient(...given);
      const update = given[3].optimizer.update + 1;
      if (update % 2 === 1) return exact; // every second one shows enough
      const { gradients } = first.metaGradient(...given);
      const part = globalNorm(mapParams((a, b) => tf.sub(a, b), exact.gradients, gradients));
      const share = Number(tf.div(part, globalNorm(gradients)).dataSync()[0]);
      shares.push({ moments, update, share });
      return exact;
    },
  };
  const training = metaTrain({
    model,
    learner,
    optimizer: chain(clipByGlobalNorm(1), adamw({ learningRate })),
    // Padded to one length, so that one shape is compiled.
    sampler: tasks.sampler({ seed: 100, batchSize: 2, paddedLengths: [128] }),
    params: await model.init(100),
    consume: true,
    updates,
    runtime,
  });
  for await (const { update, loss, params } of training) {
    if (update % 25 === 0) {
      console.log(`${moments} ${update}: loss ${loss.toFixed(2)}, share ${shares.at(-1)?.share}`);
    }
    if (update === updates) disposeParams(params);
  }
  const sorted = shares.map(({ share }) => share).sort((a, b) => a - b);
  const quantiles = [0, 0.25, 0.5, 0.75, 1].map((q) => sorted[Math.floor(q * (sorted.length - 1))]);
  console.log(`${moments}, quartiles of the share: ${quantiles.map((v) => v?.toPrecision(2))}`);
  return shares;
}

function draw(points: readonly Point[]): string {
  const smooth = windowY(
    { k: 25, reduce: "median" },
    { x: "update", y: "share", stroke: "moments" },
  );
  const svg = renderChart({
    ariaLabel: "Size of the second-order part of the meta-gradient",
    width: 760,
    height: 360,
    marginTop: 30,
    marginLeft: 55,
    marginRight: 60,
    x: { label: "meta-updates" },
    y: {
      label: "|second order - first order| / |first order|",
      type: "log",
      grid: true,
      tickFormat: "~g",
    },
    color: { domain: ["shared", "reset"] },
    marks: [
      dot(points, { x: "update", y: "share", fill: "moments", r: 1.5, fillOpacity: 0.35 }),
      line(points, { ...smooth, strokeWidth: 2 }),
      text(
        points.filter(({ update }) => update === updates),
        {
          x: "update",
          y: "share",
          text: "moments",
          fill: "moments",
          textAnchor: "start",
          dx: 6,
        },
      ),
    ],
  });
  // An image cannot take its style and background from a page.
  return svg
    .replace(/<style>.*?<\/style>/s, "")
    .replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/>/, '><rect width="100%" height="100%" fill="white"/>');
}
