import type { RunEvent } from "@metalearn/core/runs";

/** What is drawn: the steps of a run, of which each part has many. */
export type StepEvent = Extract<RunEvent, { kind: "train" | "validate" | "evaluate" }>;

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
