import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { paceMeter } from "../src/progress/pace.js";
import { openProgress, type Progress } from "../src/progress/progress.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the pace of work", () => {
  test("is unknown before anything is measured", () => {
    expect(paceMeter(3)(3, 10)).toEqual({ rate: "-", eta: "-" });
  });

  test("counts from the first step on, not those of an earlier session", () => {
    const pace = paceMeter(500);
    vi.advanceTimersByTime(10_000);
    // 10 steps in 10 seconds: the remaining 490 take 490 seconds.
    expect(pace(510, 1000)).toEqual({ rate: "1.0", eta: "8 min 10 s" });
  });

  test.each([
    [123, 1, "123"],
    [1, 3, "0.33"],
    [1, 300, "0.0033"],
  ])("of %d steps in %d seconds is %s", (steps, seconds, rate) => {
    const pace = paceMeter(0);
    vi.advanceTimersByTime(1000 * seconds);
    expect(pace(steps, 1000).rate).toBe(rate);
  });
});

/** A progress display and what it has written so far. */
function recorded(isTTY: boolean): { progress: Progress; output: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const progress = openProgress(Object.assign(stream, { isTTY }) as unknown as NodeJS.WriteStream);
  return { progress, output: () => text };
}

const notShown = { gradientNorm: 1, learningRate: 0.1, tokens: 64, seconds: 0.5 };
const trained = (done: number, total = 100) =>
  ({ kind: "train", done, total, loss: 1 / 3, ...notShown }) as const;

const compiling = { kind: "compile", name: "gradient", mode: "xla", shapes: 2 } as const;

describe.each([true, false])("a compilation (on a terminal: %s)", (isTTY) => {
  test("is announced before it begins, and its duration follows", () => {
    const { progress, output } = recorded(isTTY);
    progress.update(compiling);
    expect(output()).toBe("  compiling gradient (xla, shape 2) ... ");
    progress.update({ ...compiling, seconds: 19.34 });
    expect(output()).toBe("  compiling gradient (xla, shape 2) ... 19.3 s\n");
    progress.end();
    expect(output()).toMatch(/19\.3 s\n$/);
  });

  test("that fails leaves a whole line", () => {
    const { progress, output } = recorded(isTTY);
    progress.update(compiling);
    progress.end();
    expect(output()).toBe("  compiling gradient (xla, shape 2) ... \n");
  });

  test("to a plain graph is not worth a line", () => {
    const { progress, output } = recorded(isTTY);
    progress.update({ ...compiling, mode: "graph" });
    progress.update({ ...compiling, mode: "graph", seconds: 0.1 });
    expect(output()).toBe("");
  });
});

describe("in a log", () => {
  test("there is a line every half minute and one at the end", () => {
    const { progress, output } = recorded(false);
    progress.begin("maml, seed 1");
    for (let done = 1; done <= 100; done++) {
      progress.update(trained(done));
      vi.advanceTimersByTime(1000);
    }
    progress.update({ kind: "evaluate", done: 2, total: 2, task: "poem" });
    progress.end();
    expect(output().split("\n")).toEqual([
      "maml, seed 1",
      "  train 31/100, loss 0.3333, 1.0/s, ETA 1 min 9 s",
      "  train 61/100, loss 0.3333, 1.0/s, ETA 39 s",
      "  train 91/100, loss 0.3333, 1.0/s, ETA 9 s",
      "  train 100/100, loss 0.3333",
      "  evaluate 2/2, poem",
      "",
    ]);
  });

  test("the same text is said once", () => {
    const { progress, output } = recorded(false);
    for (const engine of ["wasm", "wasm", "cpu"]) {
      progress.update({ kind: "open", engine, tasks: "6 tasks" });
    }
    expect(output()).toBe("  6 tasks; wasm\n  6 tasks; cpu\n");
  });
});

describe("on a terminal", () => {
  test("a bar shows the step, the pace and the loss", () => {
    const { progress, output } = recorded(true);
    progress.update(trained(51));
    vi.advanceTimersByTime(10_000);
    progress.update(trained(61));
    vi.advanceTimersByTime(200); // bars are drawn a few times per second
    progress.end();
    expect(output()).toMatch(/ {2}train {4}■+ +61\/100 {2}1\.0\/s {2}ETA 39 s {2}loss 0\.3333/);
  });

  test("a compilation stands below the bar as it was, and the next step begins a new bar", () => {
    const { progress, output } = recorded(true);
    progress.update(trained(1));
    progress.update(compiling);
    progress.update({ ...compiling, seconds: 4 });
    progress.update(trained(2));
    progress.end();
    expect(output()).toMatch(/1\/100 .*\n.*compiling gradient .* 4\.0 s\n.*2\/100 /);
  });

  test("a message stands below the bar as it was, and the next step begins a new bar", () => {
    const { progress, output } = recorded(true);
    progress.update(trained(1));
    progress.say("Stopping after this step.");
    progress.update(trained(2));
    progress.end();
    expect(output()).toMatch(/1\/100 .*\n.*Stopping after this step\..*\n.*2\/100 /);
  });
});

test("a validation that takes long is shown while it runs, and not when it ends", () => {
  const { progress, output } = recorded(false);
  progress.update(trained(50));
  for (const done of [1, 2]) {
    vi.advanceTimersByTime(31_000);
    progress.update({ kind: "validate", done, total: 2, task: "poem" });
  }
  expect(output()).toContain("  validate 1/2, poem");
  expect(output()).not.toContain("validate 2/2");
});
