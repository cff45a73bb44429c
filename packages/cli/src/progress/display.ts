import type { RunEvent } from "@metalearn/core";

/** What is drawn: everything but the opening of a run, which is one line. */
export type StepEvent = Exclude<RunEvent, { kind: "open" }>;

/** How progress is drawn. */
export interface Display {
  begin(title: string): void;
  step(event: StepEvent): void;
  say(message: string): void;
  end(): void;
}

/** What there is to say of a step besides its number. */
export function detailOf(event: StepEvent): string {
  return event.kind === "train" ? `loss ${event.loss.toFixed(4)}` : event.task;
}
