import type { RunEvent } from "@metalearn/core";
import { Presets, SingleBar } from "cli-progress";
import { paint } from "./paint.js";

/** Shows how runs go on: bars on a terminal, now and then a line elsewhere. */
export interface Progress {
  /** Begins a run. */
  begin(title: string): void;
  update(event: RunEvent): void;
  /** A line of its own, above the bar; each text once. */
  say(message: string): void;
  /** Leaves the last bar as it is. */
  end(): void;
}

const secondsBetweenLines = 30;

/** What bars and lines are about: everything but the opening of a run, which is one line. */
type StepEvent = Exclude<RunEvent, { kind: "open" }>;

/** How progress is drawn. */
interface Display {
  begin(title: string): void;
  step(event: StepEvent): void;
  say(message: string): void;
  end(): void;
}

/** The fitting kind of progress for where output goes. */
export function openProgress(): Progress {
  const display = process.stderr.isTTY ? bars() : lines();
  const said = new Set<string>();
  // Every run of a comparison would say the same about engine and data.
  const say = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    display.say(message);
  };
  return {
    begin: display.begin,
    end: display.end,
    say,
    update(event) {
      if (event.kind === "open") say(`${event.tasks}; ${event.engine}`);
      else display.step(event);
    },
  };
}

function bars(): Display {
  let bar: SingleBar | undefined;
  let kind: StepEvent["kind"] | undefined;
  let rate = rateMeter(0);
  const stop = () => {
    bar?.stop();
    bar = undefined;
    kind = undefined;
  };
  return {
    begin(title) {
      stop();
      console.error(paint("bold", title));
    },
    step(event) {
      if (event.kind !== kind) {
        stop();
        const detail = event.kind === "train" ? "loss {loss}" : "{task}";
        bar = new SingleBar(
          {
            format: `  ${event.kind.padEnd(8)} {bar} {value}/{total}  {rate}/s  ETA {eta_formatted}  ${detail}`,
            hideCursor: true,
            barsize: 24,
            etaBuffer: 50,
            stream: process.stderr,
          },
          Presets.rect,
        );
        bar.start(event.total, event.done, { ...details(event), rate: "-" });
        kind = event.kind;
        rate = rateMeter(event.done);
      }
      bar?.update(event.done, { ...details(event), rate: rate(event.done) });
      if (event.done === event.total) stop();
    },
    say(message) {
      if (bar) process.stderr.write("\r\u001b[K"); // the bar draws itself again below
      console.error(paint("dim", `  ${message}`));
    },
    end: stop,
  };
}

/** Steps per second since the first call, as text. */
function rateMeter(first: number): (done: number) => string {
  const begun = performance.now();
  return (done) => {
    const rate = ((done - first) * 1000) / (performance.now() - begun);
    return rate >= 10 ? rate.toFixed(0) : rate.toFixed(2);
  };
}

function details(event: StepEvent): Record<string, string> {
  return event.kind === "train" ? { loss: event.loss.toFixed(4) } : { task: event.task };
}

/** For logs and continuous integration: one line at the end of each part and every half minute. */
function lines(): Display {
  let last = performance.now();
  return {
    begin: (title) => {
      last = performance.now();
      console.error(title);
    },
    step(event) {
      const due = performance.now() - last > secondsBetweenLines * 1000;
      if (!due && event.done !== event.total) return;
      last = performance.now();
      const [detail] = Object.entries(details(event)).map(([name, value]) => `${name} ${value}`);
      console.error(`  ${event.kind} ${event.done}/${event.total}, ${detail}`);
    },
    say: (message) => console.error(`  ${message}`),
    end: () => {},
  };
}
