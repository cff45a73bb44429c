import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { counted } from "./text/counted.js";

/** A stream of random numbers that is the same on every machine and engine. */
export interface Random {
  /** Draws a whole number from 0 to `end - 1`. */
  integer(end: number): number;
  /** Draws a number in [0, 1). */
  uniform(): number;
  /** Draws from the normal distribution with mean 0 and variance 1. */
  normal(): number;
  /** Returns `items` in random order, as a new array. */
  shuffle<T>(items: readonly T[]): T[];
  /** Draws `count` items without replacement, in random order. @throws RangeError when there are too few */
  sample<T>(items: readonly T[], count: number): T[];
}

/**
 * Makes the random stream of a key, for example `randomFor(seed, "demonstrations", task, row)`.
 *
 * Streams of different keys are independent, so results do not depend on the order in which parts of a
 * program draw. That is why a resumed run repeats an uninterrupted one.
 */
export function randomFor(...key: readonly (string | number)[]): Random {
  const digest = createHash("sha256").update(JSON.stringify(key)).digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(state);

  const integer = (end: number) => uniformInt(generator, 0, end - 1);
  const uniform = () => uniformFloat64(generator);
  const take = <T>(items: readonly T[], count: number): T[] => {
    const pool = items.slice();
    // The first `count` steps of a Fisher-Yates shuffle.
    for (let i = 0; i < count; i++) {
      const j = i + integer(pool.length - i);
      const swapped = pool[i] as T;
      pool[i] = pool[j] as T;
      pool[j] = swapped;
    }
    pool.length = count;
    return pool;
  };

  return {
    integer,
    uniform,
    // Box and Muller 1958; 1 - u keeps the logarithm away from zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (items) => take(items, items.length),
    sample(items, count) {
      if (count > items.length) {
        throw new RangeError(
          `expected a count of at most ${counted(items.length, "item")}, got ${count}`,
        );
      }
      return take(items, count);
    },
  };
}
