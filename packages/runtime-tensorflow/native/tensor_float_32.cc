#include "tensor_float_32.h"

#include <dlfcn.h>

#include <stdexcept>

#include "js_values.h"

namespace metalearn {
namespace {

// tsl::enable_tensor_float_32_execution(bool). The C API has no such function, and TensorFlow's
// headers for C++ are a hundred times as many as are unpacked.
constexpr char kSymbol[] = "_ZN3tsl32enable_tensor_float_32_executionEb";

}  // namespace

Napi::Value AllowTensorFloat32(Engine& engine, const Napi::CallbackInfo& info) {
  const bool allowed = ToBoolean(info[0], "Whether TensorFloat-32 is allowed");
  auto* const enable = reinterpret_cast<void (*)(bool)>(dlsym(RTLD_DEFAULT, kSymbol));
  if (enable != nullptr) {
    enable(allowed);
  } else if (!allowed && engine.gpu() != nullptr) {
    throw std::runtime_error("This TensorFlow does not let TensorFloat-32 be turned off.");
  }
  return info.Env().Undefined();
}

}  // namespace metalearn
