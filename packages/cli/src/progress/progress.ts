import type { RunEvent } from "@metalearn/core/runs";
import { bars } from "./bars.js";
import { compilationLine } from "./compilationLine.js";
import type { StepEvent } from "./display.js";
import { lines } from "./lines.js";

/** Shows how runs go on: bars on a terminal, now and then a line elsewhere. */
export interface Progress {
  /** Begins a run. */
  begin(title: string): void;
  update(event: RunEvent): void;
  /** A line of its own; each text once. */
  say(message: string): void;
  /** Leaves the last bar as it is. */
  end(): void;
}

/** The fitting kind of progress for where output goes. */
export function openProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const display = stream.isTTY ? bars(stream) : lines(stream);
  const said = new Set<string>();
  // Every run of a comparison would say the same about engine and data.
  const say = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    display.say(message);
  };
  const compilation = compilationLine(stream);
  const end = () => {
    compilation.end();
    display.end();
  };
  return {
    begin: display.begin,
    end,
    say,
    update(event) {
      if (event.kind === "message") say(event.text);
      else if (event.kind === "open") say(`${event.tasks}; ${event.engine}`);
      else if (isStep(event)) display.step(event);
      else if (event.kind === "compile" && event.mode === "xla") {
        // A plain graph is ready in no time worth a line.
        display.end(); // the next step draws a new bar below
        compilation.show(event);
      }
    },
  };
}

function isStep(event: RunEvent): event is StepEvent {
  return event.kind === "train" || event.kind === "validate" || event.kind === "evaluate";
}
