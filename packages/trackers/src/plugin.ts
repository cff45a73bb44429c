import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { mlflow } from "./mlflow/mlflow.js";
import { tensorboard } from "./tensorboard/tensorboard.js";

const tensorboardOptions = z.strictObject({
  /** The folder for event files; every run has one of its own in it. */
  directory: z.string().optional(),
});

const mlflowOptions = z.strictObject({
  /** The tracking server. Default: `MLFLOW_TRACKING_URI`, or http://127.0.0.1:5000. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  experiment: z.string().min(1).default("metalearn"),
  /** How long the server may take for one answer, in seconds. */
  timeout: z.number().positive().default(10),
});

export default definePlugin({
  name: "@metalearn/trackers",
  trackers: {
    tensorboard: defineFactory(
      tensorboardOptions.describe("Event files that TensorBoard reads."),
      ({ directory }, { path }) => tensorboard({ directory: directory && path(directory) }),
    ),
    mlflow: defineFactory(mlflowOptions.describe("A run on an MLflow server."), (options) =>
      mlflow(options),
    ),
  },
});
