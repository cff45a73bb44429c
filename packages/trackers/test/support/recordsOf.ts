import type { TrackerRecord } from "@metalearn/core";

/** Curves by tag as the records that they were drawn from: what is of training has no group there. */
export function recordsOf(
  curves: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>,
): TrackerRecord[] {
  return Object.entries(curves).flatMap(([tag, points]) =>
    points.map(([update, value]) => ({ update, [tag.replace(/^train\//, "")]: value })),
  );
}
