import { parseOptions, type TrackedRun, type Tracker, type TrackerRecord } from "@metalearn/core";
import { z } from "zod";
import { measurements } from "../measurements.js";
import { mlflowClient } from "./client.js";
import { nameFor } from "./paramsOf.js";
import { openServerRun, type ServerRun } from "./trackedRun.js";

export const mlflowOptions = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "expected a URL that begins with http:// or https://" })
      .optional()
      .describe("The tracking server. Default: `MLFLOW_TRACKING_URI`, or http://127.0.0.1:5000."),
    experiment: z.string().min(1).default("metalearn").describe("Experiment of the runs."),
    timeout: z.number().positive().default(10).describe("Timeout of one request, in seconds."),
  })
  .describe("A run on an MLflow server.");

/** Options of {@link mlflow}. */
export type MlflowOptions = z.input<typeof mlflowOptions>;

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Largest number of metrics in one request. */
const batchSize = 1000;

/**
 * Sends a run's config and metrics to an MLflow tracking server over its REST API. A resumed run continues
 * its run on the server, which `mlflow.json` in its directory names, and sends only what the server lacks.
 * The same holds after a server was unreachable for a while.
 *
 * User and password, or a token, are read from MLFLOW_TRACKING_USERNAME and _PASSWORD or
 * MLFLOW_TRACKING_TOKEN.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function mlflow(options: MlflowOptions = {}): Tracker {
  const {
    url = process.env.MLFLOW_TRACKING_URI || "http://127.0.0.1:5000",
    experiment,
    timeout,
  } = parseOptions(mlflowOptions, options);
  const client = mlflowClient({ url, timeout });
  let run: TrackedRun | undefined;
  let onServer: ServerRun | undefined;
  let unsent: Metric[] = [];
  let reached = 0;

  /** Adds a record; `timestamp` is the time at which it was made. */
  const add = (record: TrackerRecord, timestamp: number) => {
    const { step, values } = measurements(record);
    reached = step;
    unsent.push(...values.map(([key, value]) => ({ key: nameFor(key), value, step, timestamp })));
  };

  const send = async () => {
    if (!run) return;
    onServer ??= await openServerRun(client, { url, experiment }, run);
    const { id, known } = onServer;
    const isNew = ({ key, step, value }: Metric) => {
      const last = known.get(key);
      return !last || step > last.step || (step === last.step && value !== last.value);
    };
    while (unsent.length > 0) {
      const metrics = unsent.slice(0, batchSize);
      const lacking = metrics.filter(isNew);
      if (lacking.length > 0) {
        await client.post("runs/log-batch", { run_id: id, metrics: lacking });
      }
      unsent = unsent.slice(metrics.length); // only after success: failed metrics are sent again with the next ones
    }
  };

  return {
    name: "mlflow",

    async begin(tracked) {
      run = tracked;
      // Keeps the time between earlier records.
      const last = tracked.history.findLast(({ seconds }) => typeof seconds === "number");
      const origin = Date.now() - 1000 * Number(last?.seconds ?? 0);
      for (const record of tracked.history) {
        add(record, Math.round(origin + 1000 * Number(record.seconds ?? last?.seconds ?? 0)));
      }
      await send();
    },

    async log(record) {
      add(record, Date.now());
      await send();
    },

    async close() {
      await send();
      if (!onServer) return;
      // A run that was stopped is set to RUNNING again when it resumes.
      const status = reached >= (run?.updates ?? 0) ? "FINISHED" : "KILLED";
      await client.post("runs/update", { run_id: onServer.id, status, end_time: Date.now() });
    },
  };
}
