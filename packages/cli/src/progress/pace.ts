import { duration } from "../terminalTables.js";

/** Pace of steps as text; dashes until something has been measured. */
export interface Pace {
  /** Steps per second. */
  readonly rate: string;
  /** Estimated time for the remaining steps. */
  readonly eta: string;
}

/** Measures pace from now on, when `first` steps are done: earlier steps of a resumed run do not count. */
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
