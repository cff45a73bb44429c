import { setTimeout } from "node:timers/promises";
import { onInterrupt } from "../interrupt.js";
import { paint } from "../paint.js";
import { lossCurve } from "../watch/lossCurve.js";
import { type RunState, readRunState } from "../watch/runState.js";
import { statusLines } from "../watch/statusLines.js";

/** Flags of `metalearn watch`. */
export interface WatchFlags {
  readonly once: boolean;
}

const secondsBetweenLooks = 1;

/**
 * Shows a run's progress from its files: the run may be in another process or on another machine. Ends when
 * the run is evaluated, when it is trained and no process evaluates it, or with Ctrl-C, which does not stop
 * the run.
 */
export async function watch(directory: string, { once }: WatchFlags): Promise<void> {
  const { signal, release } = onInterrupt(() => {});
  const show = process.stdout.isTTY && !once ? redrawing(process.stdout) : printing(process.stdout);
  try {
    for (;;) {
      const state = await readRunState(directory);
      show(state, once);
      if (once || hasEnded(state) || signal.aborted) return;
      await setTimeout(1000 * secondsBetweenLooks, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  } finally {
    release();
  }
}

/** A trained run that no process holds will not be evaluated. */
function hasEnded({ evaluation, isTrained, isHeld }: RunState): boolean {
  return evaluation !== undefined || (isTrained && !isHeld);
}

/** Redraws the same lines with the loss curve, on a terminal. */
function redrawing(stream: NodeJS.WriteStream): (state: RunState) => void {
  let drawn = 0;
  return (state) => {
    const [title = "", ...others] = statusLines(state);
    const width = stream.columns || 80; // some terminals do not say
    const curve = curveOf(state, { columns: Math.max(10, Math.min(100, width - 12)), rows: 10 });
    const lines = [paint("bold", title, stream), ...others, ...curve];
    const cut = lines.map((line, i) => (i === 0 ? line : line.slice(0, width - 1)));
    // Moves up to the first line and clears only what is below it, not the whole screen.
    const back = drawn > 0 ? `\u001b[${drawn}F\u001b[J` : "";
    stream.write(`${back}${cut.join("\n")}\n`);
    drawn = lines.length;
  };
}

/** Prints one line per new state, or everything once, where output is not a terminal. */
function printing(stream: NodeJS.WritableStream): (state: RunState, whole: boolean) => void {
  let last = "";
  return (state, whole) => {
    const lines = statusLines(state);
    const curve = whole ? curveOf(state, { columns: 60, rows: 10 }) : [];
    const text = whole ? [...lines, ...curve].join("\n") : lines.slice(last ? 1 : 0).join("   ");
    const news = JSON.stringify(lines);
    if (news !== last) stream.write(`${text}\n`);
    last = news;
  };
}

function curveOf({ lines }: RunState, size: Parameters<typeof lossCurve>[1]): string[] {
  const points = lines.flatMap(({ update, loss }) =>
    typeof loss === "number" ? [{ x: Number(update), y: loss }] : [],
  );
  const curve = lossCurve(points, size);
  const title = "query loss by meta-update, from the first line of metrics to the last";
  return curve.length > 0 ? ["", title, ...curve] : [];
}
