import { Presets, SingleBar } from "cli-progress";
import { paint } from "../paint.js";
import { type Display, detailOf, type StepEvent } from "./display.js";
import { paceMeter } from "./pace.js";

/** Progress for terminals: one bar per phase of a run. */
export function bars(stream: NodeJS.WriteStream): Display {
  let current:
    | { bar: SingleBar; kind: StepEvent["kind"]; pace: ReturnType<typeof paceMeter> }
    | undefined;
  const stop = () => {
    current?.bar.stop();
    current = undefined;
  };
  const start = ({ kind, done, total }: StepEvent) => {
    stop();
    const bar = new SingleBar(
      {
        format: `  ${kind.padEnd(8)} {bar} {value}/{total}  {rate}/s  ETA {left}  {detail}`,
        hideCursor: true,
        barsize: 24,
        gracefulExit: false, // Ctrl-C is handled by interrupt.ts
        stream,
      },
      Presets.rect,
    );
    bar.start(total, done, { rate: "-", left: "-", detail: "" });
    return { bar, kind, pace: paceMeter(done) };
  };
  process.once("exit", stop); // restores the cursor however the process ends
  return {
    begin(title) {
      stop();
      stream.write(`${paint("bold", title, stream)}\n`);
    },
    step(event) {
      if (current?.kind !== event.kind) current = start(event);
      const { rate, eta } = current.pace(event.done, event.total);
      current.bar.update(event.done, { rate, left: eta, detail: detailOf(event) });
      if (event.done === event.total) stop();
    },
    say(message) {
      stop(); // the next step draws a new bar below
      stream.write(`${paint("dim", `  ${message}`, stream)}\n`);
    },
    end: stop,
  };
}
