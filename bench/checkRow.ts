import { join } from "node:path";
import { agreement } from "./agreement.js";
import { writeCheckInputs } from "./checkInputs.js";
import { threads } from "./machine.js";
import type { Inputs } from "./measure.js";
import { runOurs, runPython } from "./programs.js";
import type { Row, Side } from "./rows.js";
import { isLlamaSize, llamaSizes } from "./sizes.js";

/** What a side computes once: a loss and its gradient, or scores of one question's options. */
interface Computed {
  readonly loss?: number;
  readonly norm?: number;
  readonly scores?: readonly (readonly number[])[];
  /** Norm of the difference between our gradient and the peer's, as a share of the peer's norm. */
  readonly distance?: number;
  /** The same between the peer's own gradients without and with second order. */
  readonly secondOrder?: number;
}

/** Largest differences that are taken for rounding. */
const limits = {
  float32: { loss: 1e-5, distance: 1e-3, score: 1e-4 },
  bfloat16: { loss: 0.05, distance: 0.5, score: 0.1 },
};

/**
 * Lets every side of a row compute the same tokens with the same weights once; a side that differs in MKL alone is
 * left out.
 *
 * @param folder for files that the sides exchange
 * @returns sentences about the differences
 * @throws Error if they are more than rounding
 */
export async function checkRow({ ours, peers, check, name }: Row, inputs: Inputs, folder: string) {
  const [own] = ours;
  const { weights, python, size } = inputs;
  if (!check || !own || !isLlamaSize(size)) return [];
  const precision = own.args.includes("bfloat16") ? "bfloat16" : "float32";
  const [tokens, out] = [join(folder, "check.json"), join(folder, `${name}-gradients`)];
  writeCheckInputs(llamaSizes[size].vocabularySize, tokens);
  const given = ["--weights", weights, "--check", tokens];
  const flags = ["--work", check, "--precision", precision, "--out", out];
  const computed: Computed = JSON.parse(await runOurs("oursOnce.ts", [...given, ...flags]));
  const notes: string[] = [];
  for (const side of peers.filter(({ args }) => !args.includes("--no-mkl-shim"))) {
    const script = join(import.meta.dirname, "llama/llama_torch.py");
    const more = ["--against", out, "--threads", String(threads)];
    const args = [script, ...given, ...more, ...side.args];
    notes.push(
      compare(side, computed, JSON.parse(await runPython(python, args)), limits[precision]),
    );
  }
  return notes;
}

/** @throws Error if the differences are larger than the limits, or not numbers */
function compare(
  { label }: Side,
  own: Computed,
  theirs: Computed,
  limit: (typeof limits)["float32"],
): string {
  const requireBelow = (what: string, value: number, most: number) => {
    if (value <= most) return;
    throw new Error(`${label}: ${what} differs from ours by ${value}, more than ${most}`);
  };
  if (own.scores && theirs.scores) {
    const [a = [], b = []] = [own.scores[0], theirs.scores[0]];
    const differences = b.map((score, i) => Math.abs(score - (a[i] ?? Number.NaN)));
    requireBelow(
      "a score",
      differences.length ? Math.max(...differences) : Number.NaN,
      limit.score,
    );
    return agreement(label, own.scores, theirs.scores);
  }
  const { loss = Number.NaN, norm = Number.NaN } = own;
  const { distance = Number.NaN, secondOrder } = theirs;
  const lossDifference = Math.abs(loss - (theirs.loss ?? Number.NaN));
  requireBelow("the loss", lossDifference, limit.loss);
  requireBelow("the gradient", distance, limit.distance);
  const norms = `${norm.toFixed(4)} and ${theirs.norm?.toFixed(4)}`;
  const part = secondOrder ? `, of which second order is ${(secondOrder * 100).toFixed(1)} %` : "";
  return `${label}, the same tokens and weights: losses differ by ${lossDifference.toExponential(0)} nats, the gradients (norms ${norms}${part}) by ${distance.toExponential(0)} of their norm.`;
}
