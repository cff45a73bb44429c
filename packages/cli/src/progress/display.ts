import type { RunEvent } from "@metalearn/core/runs";

/** Event that is drawn: a step of one of a run's phases. */
export type StepEvent = Extract<RunEvent, { kind: "train" | "validate" | "evaluate" }>;

/** Drawing of progress. */
export interface Display {
  begin(title: string): void;
  step(event: StepEvent): void;
  say(message: string): void;
  end(): void;
}

/** Description of a step, after its number. */
export function detailOf(event: StepEvent): string {
  return event.kind === "train" ? `loss ${event.loss.toFixed(4)}` : event.task;
}
