import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { createToolkit } from "@metalearn/core/runs";
import crossfit from "@metalearn/datasets-crossfit";
import synthetic from "@metalearn/datasets-synthetic";
import local from "@metalearn/launchers-local";
import slurm from "@metalearn/launchers-slurm";
import gpt2 from "@metalearn/models-gpt2";
import llama from "@metalearn/models-llama";
import mlp from "@metalearn/models-mlp";
import optimizers from "@metalearn/optimizers";
import runtimes from "@metalearn/runtime-tensorflow";
import trackers from "@metalearn/trackers";

/** All plugins of the workspace. */
export const officialToolkit = createToolkit([
  adapters,
  maml,
  metaicl,
  crossfit,
  synthetic,
  local,
  slurm,
  gpt2,
  llama,
  mlp,
  optimizers,
  runtimes,
  trackers,
]);
