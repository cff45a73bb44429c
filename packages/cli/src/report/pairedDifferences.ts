import { mean, randomFor } from "@metalearn/core";
import type { ComparedRun } from "@metalearn/core/runs";
import { quantileSorted } from "d3-array";

/** Difference between two methods on the same tasks with the same seeds. */
export interface PairedDifference {
  readonly method: string;
  readonly baseline: string;
  /** All target tasks, or only those of unseen domains. */
  readonly scope: "all" | "unseen";
  readonly tasks: number;
  /**
   * Number of training seeds that both methods have; 0 if they share none, when each method is averaged over
   * its own seeds.
   */
  readonly seeds: number;
  /** Difference of scores, method minus baseline: averaged over seeds, then over tasks. */
  readonly difference: number;
  /** Bounds of the 95 % confidence interval; undefined, as are the p-values, with fewer than two tasks. */
  readonly low?: number;
  readonly high?: number;
  /** p-value of the two-sided test that the methods are alike. */
  readonly pValue?: number;
  /** `pValue` after Holm's correction for all pairs of the same scope. */
  readonly adjustedPValue?: number;
}

/** Explanation of intervals and p-values, for the report. */
export const statisticsNote =
  "Differences are paired by task, training seed and set of demonstrations. The interval is the 95 % percentile interval of 10,000 bootstrap resamples of tasks and, independently, of training seeds (Owen 2007). p is of a two-sided sign-flip permutation test over tasks, each averaged over its seeds: exact up to 16 tasks, 20,000 random flips beyond; Holm's correction is for all pairs of a column of tasks. Random numbers come from seed 0.";

const resamples = 10_000;
const flips = 20_000;
const mostExact = 16;

/**
 * Compares every method with every one before it.
 *
 * @param runs of one setting, by method; the order is that of the report
 */
export function pairedDifferences(
  runs: ReadonlyMap<string, readonly ComparedRun[]>,
): PairedDifference[] {
  const methods = [...runs.keys()];
  const pairs = methods.flatMap((method, i) =>
    methods.slice(0, i).map((baseline) => ({ method, baseline })),
  );
  return (["all", "unseen"] as const).flatMap((scope) => {
    const found = pairs.flatMap(({ method, baseline }) => {
      const [own = [], others = []] = [runs.get(method), runs.get(baseline)];
      const { table, seeds } = differenceTable(own, others, scope === "unseen");
      if (table.length === 0) return [];
      const common = { method, baseline, scope, tasks: table.length, seeds };
      const difference = mean(table.map(mean));
      if (table.length < 2) return [{ ...common, difference }];
      const key = [scope, method, baseline];
      const { low, high } = crossedBootstrap(table, key);
      return [{ ...common, difference, low, high, pValue: signFlipTest(table.map(mean), key) }];
    });
    return withHolm(found);
  });
}

/** Differences by task (rows) and training seed (columns), averaged over demonstrations. */
function differenceTable(
  own: readonly ComparedRun[],
  others: readonly ComparedRun[],
  unseenOnly: boolean,
): { table: number[][]; seeds: number } {
  const pairs = own.flatMap((run) => {
    const other = others.find(({ seed }) => seed === run.seed);
    return other ? [[[run], [other]] as const] : [];
  });
  const columns = pairs.length > 0 ? pairs : [[own, others] as const];
  const tasks = (own[0]?.evaluation.tasks ?? []).filter((t) => !unseenOnly || t.unseenDomain);
  const table = tasks.flatMap(({ task }) => {
    const row = columns.map(([a, b]) => meanDifference(scoresOf(a, task), scoresOf(b, task)));
    return row.some(Number.isNaN) ? [] : [row];
  });
  return { table, seeds: pairs.length };
}

/** Scores of a task by set of demonstrations, averaged over runs. */
function scoresOf(runs: readonly ComparedRun[], task: string): Map<number, number> {
  const found = runs.flatMap(({ evaluation }) =>
    evaluation.tasks.filter((own) => own.task === task).flatMap(({ seeds }) => seeds),
  );
  const seeds = [...new Set(found.map(({ seed }) => seed))];
  return new Map(
    seeds.map((seed) => [seed, mean(found.filter((s) => s.seed === seed).map((s) => s.score))]),
  );
}

/** NaN where the methods share no seed. */
function meanDifference(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  return mean(
    [...a].flatMap(([seed, score]) => (b.has(seed) ? [score - Number(b.get(seed))] : [])),
  );
}

/**
 * 95 % percentile interval of a table's mean, by resampling rows and columns independently: all tasks share
 * the training seeds, so that cells are not independent.
 *
 * @param table [rows, columns]
 * @param key of the random stream
 *
 * Source: Owen 2007, "The pigeonhole bootstrap".
 */
export function crossedBootstrap(
  table: readonly (readonly number[])[],
  key: readonly string[],
): { low: number; high: number } {
  const random = randomFor(0, "bootstrap", ...key);
  const columns = table[0]?.length ?? 0;
  const draw = (count: number) => Array.from({ length: count }, () => random.integer(count));
  const means = Array.from({ length: resamples }, () => {
    const drawn = draw(columns);
    return mean(draw(table.length).map((row) => mean(drawn.map((c) => table[row]?.[c] ?? 0))));
  }).sort((a, b) => a - b);
  const bound = (share: number) => quantileSorted(means, share) as number;
  return { low: bound(0.025), high: bound(0.975) };
}

/**
 * p-value of a two-sided paired permutation test of the mean: the share of sign flips whose mean is at least
 * as far from 0. Agrees with scipy's `permutation_test(..., permutation_type="samples")`.
 *
 * @param key of the random stream, which more than 16 differences need
 */
export function signFlipTest(differences: readonly number[], key: readonly string[]): number {
  const count = differences.length;
  const sum = (isNegative: (i: number) => boolean) =>
    Math.abs(differences.reduce((total, d, i) => total + (isNegative(i) ? -d : d), 0));
  const observed = sum(() => false);
  const least = observed - 1e-12 * differences.reduce((total, d) => total + Math.abs(d), 0);
  if (count <= mostExact) {
    const patterns = 2 ** count;
    let extreme = 0;
    for (let pattern = 0; pattern < patterns; pattern++) {
      if (sum((i) => (pattern >> i) % 2 === 1) >= least) extreme++;
    }
    return extreme / patterns;
  }
  const random = randomFor(0, "sign flips", ...key);
  let extreme = 1; // counts the observed signs among the random ones
  for (let flip = 0; flip < flips; flip++)
    if (sum(() => random.integer(2) === 1) >= least) extreme++;
  return extreme / (flips + 1);
}

/** Holm's step-down correction. Source: Holm 1979. */
function withHolm(found: readonly PairedDifference[]): PairedDifference[] {
  const tested = found.filter(({ pValue }) => pValue !== undefined);
  const ordered = tested.toSorted((a, b) => Number(a.pValue) - Number(b.pValue));
  const adjusted = new Map<PairedDifference, number>();
  let largest = 0;
  for (const [i, difference] of ordered.entries()) {
    largest = Math.max(largest, Math.min(1, (ordered.length - i) * Number(difference.pValue)));
    adjusted.set(difference, largest);
  }
  return found.map((difference) => {
    const adjustedPValue = adjusted.get(difference);
    return adjustedPValue === undefined ? difference : { ...difference, adjustedPValue };
  });
}
