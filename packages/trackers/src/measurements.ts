import type { TrackerRecord } from "@metalearn/core";

/** Numbers of a record by name, and the step that they belong to. */
export interface Measurements {
  /** Number of meta-updates. */
  readonly step: number;
  readonly values: readonly (readonly [string, number])[];
}

/**
 * Measurements that a tracker shows for a record. Metrics of training have no group of their own and are put
 * under `train`. Texts and numbers that are not finite are left out.
 */
export function measurements({ update, ...record }: TrackerRecord): Measurements {
  const values = Object.entries(record).flatMap(([key, value]) =>
    typeof value === "number" && Number.isFinite(value)
      ? [[key.includes("/") ? key : `train/${key}`, value] as const]
      : [],
  );
  return { step: Number(update), values };
}
