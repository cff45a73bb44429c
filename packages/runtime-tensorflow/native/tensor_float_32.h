// Whether products of float32 on an NVIDIA GPU may round their operands.
#pragma once

#include <napi.h>

#include "engine.h"

namespace metalearn {

// allowTensorFloat32(allowed): whether float32 products and convolutions may use TensorFloat-32,
// which keeps 11 of 24 significant bits. TensorFlow allows it unless it is told otherwise. Holds for
// the whole process, and does nothing on a CPU.
Napi::Value AllowTensorFloat32(Engine& engine, const Napi::CallbackInfo& info);

}  // namespace metalearn
