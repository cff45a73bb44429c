import { spawnSync } from "node:child_process";

/** A Python, by default the one on the PATH, and the versions of trackers' packages that it has. */
const python = process.env.METALEARN_TRACKING_PYTHON || "python3";

/**
 * Python to compare with, or the reason why there is none: `METALEARN_TRACKING_PYTHON` may name one that has
 * `mlflow` and `tensorboard`.
 */
export function trackingPython(module: "mlflow" | "tensorboard"): { python?: string; why: string } {
  const { status } = spawnSync(python, [
    "-c",
    `import importlib.util as u; assert u.find_spec("${module}")`,
  ]);
  if (status === 0) return { python, why: "" };
  return { why: `${python} has no ${module}; METALEARN_TRACKING_PYTHON may name one that has` };
}
