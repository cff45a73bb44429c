// The methods that are compared, each with one learning rate for both loops, as in Sinha et al. 2024, section 4.3.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Learning rates that every method is tried with, on dev tasks. */
export const learningRates = [1e-5, 3e-5, 1e-4];

/**
 * A method's part of a config.
 *
 * @type {Readonly<Record<string, (learningRate: number) => object>>}
 */
export const methods = {
  metaicl: (rate) => ({ learner: { use: "metaicl" }, ...optimizer(rate) }),
  fomaml: (rate) => ({ learner: mamlEnLlm(rate, { order: 1 }), ...optimizer(rate) }),
  "maml-2-1": (rate) => ({ learner: mamlEnLlm(rate), ...optimizer(rate) }),
  "maml-2-4": (rate) => ({ learner: mamlEnLlm(rate, { tasks: 4 }), ...optimizer(rate) }),
};

/**
 * The learner of MAML-en-LLM.
 *
 * @param {number} learningRate of inner steps
 * @param {object} [options] that differ from MAML-2-1
 */
export const mamlEnLlm = (learningRate, options = {}) => ({
  use: "maml-en-llm",
  taskUnit: "mixture", // 3.2.1: a task is a random batch of prompts
  querySource: "other-tasks", // 3.2.2
  moments: "shared", // 3.3
  innerOptimizer: { use: "adamw", learningRate },
  ...options,
});

/** @param {number} learningRate of meta-updates */
export const optimizer = (learningRate) => ({ optimizer: { learningRate } });

/** Name of a pilot. @param {string} method @param {number} rate */
export const pilotName = (method, rate) => `${method}-${rate.toExponential()}`;

const pilots = join(import.meta.dirname, "results/pilots");

/**
 * The learning rate whose pilot gives the dev tasks' right answers the lowest loss, averaged over tasks.
 *
 * @param {string} method
 * @returns {number}
 * @throws {Error} while pilots are missing
 */
export function chosenRate(method) {
  const files = readdirSync(pilots, { withFileTypes: true, encoding: "utf8" });
  const losses = learningRates.map((rate) => {
    const file = files.find(({ name }) => name.startsWith(`${pilotName(method, rate)}-seed`));
    if (!file) throw new Error(`${pilotName(method, rate)} has no results: run the pilots first.`);
    return goldLoss(JSON.parse(readFileSync(join(pilots, file.name), "utf8")).evaluation);
  });
  return /** @type {number} */ (learningRates[losses.indexOf(Math.min(...losses))]);
}

/** @param {{ tasks: { seeds: { goldLoss: number }[] }[] }} evaluation */
function goldLoss({ tasks }) {
  const means = tasks.map(({ seeds }) => mean(seeds.map((seed) => seed.goldLoss)));
  return mean(means);
}

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
