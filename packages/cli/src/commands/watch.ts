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
 * Shows how a run goes on, from its files: it may run in another process or on another machine. Ends
 * when the run is evaluated, or trained and left so, or with Ctrl-C, which leaves the run alone.
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

/** A run that is trained and that nobody holds will not be evaluated of itself. */
function hasEnded({ evaluation, isTrained, isHeld }: RunState): boolean {
  return evaluation !== undefined || (isTrained && !isHeld);
}

/** On a terminal: the same lines again and again, with the curve of the loss. */
function redrawing(stream: NodeJS.WriteStream): (state: RunState) => void {
  let drawn = 0;
  return (state) => {
    const [title = "", ...others] = statusLines(state);
    const width = stream.columns || 80; // some terminals do not say
    const curve = curveOf(state, { columns: Math.max(10, Math.min(100, width - 12)), rows: 10 });
    const lines = [paint("bold", title, stream), ...others, ...curve];
    const cut = lines.map((line, i) => (i === 0 ? line : line.slice(0, width - 1)));
    // Up to the first line and clear all below, rather than the whole screen.
    const back = drawn > 0 ? `\u001b[${drawn}F\u001b[J` : "";
    stream.write(`${back}${cut.join("\n")}\n`);
    drawn = lines.length;
  };
}

/** Elsewhere: one line for each state that is new, or everything once. */
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
