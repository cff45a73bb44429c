import { defineFactory, definePlugin } from "@metalearn/core";
import { mlflow, mlflowOptions } from "./mlflow/mlflow.js";
import { tensorboard, tensorboardOptions } from "./tensorboard/tensorboard.js";

export default definePlugin({
  name: "@metalearn/trackers",
  trackers: {
    tensorboard: defineFactory(tensorboardOptions, ({ directory }, { path }) =>
      tensorboard({ directory: directory && path(directory) }),
    ),
    mlflow: defineFactory(mlflowOptions, mlflow),
  },
});
