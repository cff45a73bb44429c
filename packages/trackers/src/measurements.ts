import type { TrackerRecord } from "@metalearn/core";

/** A record's numbers by name, and the step that they belong to. */
export interface Measurements {
  /** In meta-updates. */
  readonly step: number;
  readonly values: readonly (readonly [string, number])[];
}

/**
 * What a tracker shows of a record. Metrics of training have no group of their own: they come under
 * `train`. Texts and numbers that are not finite are left out.
 */
export function measurements({ update, ...record }: TrackerRecord): Measurements {
  const values = Object.entries(record).flatMap(([key, value]) =>
    typeof value === "number" && Number.isFinite(value)
      ? [[key.includes("/") ? key : `train/${key}`, value] as const]
      : [],
  );
  return { step: Number(update), values };
}
