import { printable } from "@metalearn/core";
import type { RunEvent } from "@metalearn/core/runs";
import { bars } from "./bars.js";
import { compilationLine } from "./compilationLine.js";
import type { StepEvent } from "./display.js";
import { lines } from "./lines.js";

/** Shows the progress of runs: bars on a terminal, occasional lines elsewhere. */
export interface Progress {
  /** Starts the display of a run. */
  begin(title: string): void;
  update(event: RunEvent): void;
  /** Prints a line of its own; a text that repeats is printed once. */
  say(message: string): void;
  /** Ends the display and leaves the last bar as it is. */
  end(): void;
}

/** Chooses the kind of progress that fits the output stream. */
export function openProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const display = stream.isTTY ? bars(stream) : lines(stream);
  const said = new Set<string>();
  // Each run of a comparison would repeat the same messages about engine and data.
  const say = (message: string) => {
    if (said.has(message)) return;
    said.add(message);
    display.say(printable(message));
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
      else if (isStep(event))
        display.step("task" in event ? { ...event, task: printable(event.task) } : event);
      else if (event.kind === "compile" && event.mode === "xla") {
        // Recording a plain graph is too quick to be worth a line.
        display.end(); // the next step draws a new bar below
        compilation.show(event);
      }
    },
  };
}

function isStep(event: RunEvent): event is StepEvent {
  return event.kind === "train" || event.kind === "validate" || event.kind === "evaluate";
}
