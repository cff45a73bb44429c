import type { TrackerRecord } from "@metalearn/core";

/** Converts curves by tag back to records; metrics of training have no group there. */
export function recordsOf(
  curves: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>,
): TrackerRecord[] {
  return Object.entries(curves).flatMap(([tag, points]) =>
    points.map(([update, value]) => ({ update, [tag.replace(/^train\//, "")]: value })),
  );
}
