import { expect, test } from "vitest";
import { filesOf } from "../src/pack/optionalParts.js";

// Libraries that TensorFlow's check before registering a GPU needs, and that it does not need, as observed.
test.each([
  "tensorflow/libtensorflow_cc.so.2",
  "nvidia/cuda_runtime/lib/libcudart.so.12",
  "nvidia/cublas/lib/libcublas.so.12",
  "nvidia/cublas/lib/libcublasLt.so.12",
  "nvidia/cufft/lib/libcufft.so.11",
  "nvidia/cusolver/lib/libcusolver.so.11",
  "nvidia/cusparse/lib/libcusparse.so.12",
  "nvidia/nvjitlink/lib/libnvJitLink.so.12",
  "nvidia/cudnn/lib/libcudnn.so.9",
  "nvidia/cudnn/lib/libcudnn_graph.so.9",
  "nvidia/cudnn/lib/libcudnn_ops.so.9",
  "nvidia/cuda_nvcc/bin/ptxas",
  "nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc",
])("a lean pack keeps %s", (path) => {
  expect(filesOf(["lean"])(path)).toBe(false);
});

test.each([
  ["nccl", "nvidia/nccl/lib/libnccl.so.2"],
  ["cupti", "nvidia/cuda_cupti/lib/libcupti.so.12"],
  ["curand", "nvidia/curand/lib/libcurand.so.10"],
  ["nvrtc", "nvidia/cuda_nvrtc/lib/libnvrtc.so.12"],
  ["nvvm", "nvidia/cuda_nvcc/nvvm/lib64/libnvvm.so"],
  ["cudnn-engines", "nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9"],
  ["cudnn-engines", "nvidia/cudnn/lib/libcudnn_adv.so.9"],
  ["extras", "nvidia/cusolver/lib/libcusolverMg.so.11"],
])("%s stands for %s, which a lean pack has not", (name, path) => {
  expect(filesOf([name])(path)).toBe(true);
  expect(filesOf(["lean"])(path)).toBe(true);
  expect(filesOf([])(path)).toBe(false);
});
