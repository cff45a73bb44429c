export { type MlflowOptions, mlflow } from "./mlflow/mlflow.js";
export { default } from "./plugin.js";
export { type TensorboardOptions, tensorboard } from "./tensorboard/tensorboard.js";
