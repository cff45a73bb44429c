import { duration } from "../terminalTables.js";

/** How fast steps are made, for people; dashes where nothing has been measured yet. */
export interface Pace {
  /** Steps per second. */
  readonly rate: string;
  /** What the steps that are left will take. */
  readonly eta: string;
}

/**
 * Measures from now on, when `first` steps are done: those of a resumed run were made earlier, and
 * say nothing about its pace.
 */
export function paceMeter(first: number): (done: number, total: number) => Pace {
  const begun = performance.now();
  return (done, total) => {
    const seconds = (performance.now() - begun) / 1000;
    if (done === first || seconds === 0) return { rate: "-", eta: "-" };
    const rate = (done - first) / seconds;
    return {
      rate: rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2),
      eta: duration((total - done) / rate),
    };
  };
}
