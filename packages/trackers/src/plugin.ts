import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { mlflow } from "./mlflow/mlflow.js";
import { tensorboard } from "./tensorboard/tensorboard.js";

const tensorboardOptions = z.strictObject({
  directory: z
    .string()
    .optional()
    .describe(
      "The folder for event files; relative to the config file; every run has one of its own in it. Default: `tensorboard` in the directory of the run.",
    ),
});

const mlflowOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("The tracking server. Default: `MLFLOW_TRACKING_URI`, or http://127.0.0.1:5000."),
  experiment: z
    .string()
    .min(1)
    .default("metalearn")
    .describe("The experiment that runs are put into."),
  timeout: z
    .number()
    .positive()
    .default(10)
    .describe("How long the server may take for one answer, in seconds."),
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
