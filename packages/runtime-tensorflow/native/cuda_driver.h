// NVIDIA's driver, asked without TensorFlow: it tells what is there also where TensorFlow finds no
// GPU, and what TensorFlow's C API does not tell of one that it uses. The driver's library is opened
// when it is first needed; nothing is linked to CUDA.
#pragma once

#include <napi.h>

#include "engine.h"

namespace metalearn {

// cudaDriver(): { version: "13.0", devices: [{ name, computeCapability: "9.0", memoryBytes }] }, in
// the order of CUDA's numbers. Throws what is wrong where there is no driver or it does not work.
Napi::Value CudaDriver(Engine& engine, const Napi::CallbackInfo& info);

// cudaMemory(device): { freeBytes, totalBytes, poolBytes, poolPeakBytes } of the device with that
// number. The pool is that of CUDA's own allocator, and 0 while TensorFlow uses another.
Napi::Value CudaMemory(Engine& engine, const Napi::CallbackInfo& info);

// libraryProblem(path): why a shared library cannot be opened, or undefined. An opened one stays.
Napi::Value LibraryProblem(Engine& engine, const Napi::CallbackInfo& info);

}  // namespace metalearn
