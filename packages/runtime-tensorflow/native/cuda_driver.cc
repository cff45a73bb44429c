#include "cuda_driver.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "js_values.h"

namespace metalearn {
namespace {

// Of cuda.h, whose binary interface NVIDIA keeps.
using Result = int;
using Ordinal = int;
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;
constexpr int kPoolUsedCurrent = 7;
constexpr int kPoolUsedHigh = 8;

// The functions of libcuda.so.1 that are used here.
class Driver {
 public:
  // The only one; it lives as long as the process.
  static const Driver& Get() {
    static const Driver driver;
    return driver;
  }

  template <typename... Parameters, typename... Arguments>
  void Call(const char* name, Result (*)(Parameters...), Arguments... arguments) const {
    const auto function = reinterpret_cast<Result (*)(Parameters...)>(Find(name));
    const Result result = function(arguments...);
    if (result != 0) throw std::runtime_error(std::string(name) + ": " + NameOf(result));
  }

 private:
  Driver() : library_(dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ != nullptr) return;
    const char* const reason = dlerror();
    throw std::runtime_error(reason != nullptr ? reason : "libcuda.so.1 cannot be opened");
  }

  void* Find(const char* name) const {
    void* const function = dlsym(library_, name);
    if (function == nullptr) {
      throw std::runtime_error(std::string("The driver is too old: it has no ") + name + ".");
    }
    return function;
  }

  std::string NameOf(Result result) const {
    const char* text = nullptr;
    const auto function =
        reinterpret_cast<Result (*)(Result, const char**)>(Find("cuGetErrorString"));
    const bool known = function(result, &text) == 0 && text != nullptr;
    return (known ? std::string(text) : "unknown error") + " (" + std::to_string(result) + ")";
  }

  void* library_;
};

// Calls a function of the driver, given the types of its parameters.
template <typename... Parameters, typename... Arguments>
void Cuda(const char* name, Arguments... arguments) {
  using Function = Result (*)(Parameters...);
  Driver::Get().Call(name, static_cast<Function>(nullptr), arguments...);
}

int AttributeOf(int attribute, int device) {
  int value = 0;
  Cuda<int*, int, int>("cuDeviceGetAttribute", &value, attribute, device);
  return value;
}

int DeviceOf(Ordinal ordinal) {
  int device = 0;
  Cuda<int*, Ordinal>("cuDeviceGet", &device, ordinal);
  return device;
}

// The context that TensorFlow uses as well, current for as long as this lives.
class PrimaryContext {
 public:
  explicit PrimaryContext(int device) : device_(device) {
    void* context = nullptr;
    Cuda<void**, int>("cuDevicePrimaryCtxRetain", &context, device_);
    try {
      Cuda<void*>("cuCtxPushCurrent_v2", context);
    } catch (...) {
      Release();
      throw;
    }
  }
  ~PrimaryContext() {
    try {
      void* context = nullptr;
      Cuda<void**>("cuCtxPopCurrent_v2", &context);
    } catch (...) {  // there is nobody to tell
    }
    Release();
  }
  PrimaryContext(const PrimaryContext&) = delete;
  PrimaryContext& operator=(const PrimaryContext&) = delete;

 private:
  void Release() {
    try {
      Cuda<int>("cuDevicePrimaryCtxRelease_v2", device_);
    } catch (...) {
    }
  }

  int device_;
};

uint64_t PoolAttribute(void* pool, int attribute) {
  uint64_t value = 0;
  Cuda<void*, int, void*>("cuMemPoolGetAttribute", pool, attribute, &value);
  return value;
}

Napi::Number ToNumber(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

}  // namespace

Napi::Value CudaDriver(Engine&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Cuda<unsigned>("cuInit", 0u);
  int version = 0;  // 13000 is CUDA 13.0, 12040 is 12.4
  Cuda<int*>("cuDriverGetVersion", &version);
  int count = 0;
  Cuda<int*>("cuDeviceGetCount", &count);
  Napi::Array devices = Napi::Array::New(env);
  for (Ordinal ordinal = 0; ordinal < count; ++ordinal) {
    const int device = DeviceOf(ordinal);
    char name[256] = "";
    Cuda<char*, int, int>("cuDeviceGetName", name, static_cast<int>(sizeof name), device);
    size_t bytes = 0;
    Cuda<size_t*, int>("cuDeviceTotalMem_v2", &bytes, device);
    Napi::Object description = Napi::Object::New(env);
    description.Set("name", Napi::String::New(env, name));
    description.Set("computeCapability",
                    std::to_string(AttributeOf(kComputeCapabilityMajor, device)) + "." +
                        std::to_string(AttributeOf(kComputeCapabilityMinor, device)));
    description.Set("memoryBytes", ToNumber(env, bytes));
    devices.Set(devices.Length(), description);
  }
  Napi::Object driver = Napi::Object::New(env);
  driver.Set("version",
             std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10));
  driver.Set("devices", devices);
  return driver;
}

Napi::Value CudaMemory(Engine&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Cuda<unsigned>("cuInit", 0u);
  const int device = DeviceOf(static_cast<Ordinal>(ToInteger(info[0], "A device's number")));
  const PrimaryContext context(device);
  size_t free = 0;
  size_t total = 0;
  Cuda<size_t*, size_t*>("cuMemGetInfo_v2", &free, &total);
  void* pool = nullptr;
  Cuda<void**, int>("cuDeviceGetDefaultMemPool", &pool, device);
  Napi::Object memory = Napi::Object::New(env);
  memory.Set("freeBytes", ToNumber(env, free));
  memory.Set("totalBytes", ToNumber(env, total));
  memory.Set("poolBytes", ToNumber(env, PoolAttribute(pool, kPoolUsedCurrent)));
  memory.Set("poolPeakBytes", ToNumber(env, PoolAttribute(pool, kPoolUsedHigh)));
  return memory;
}

Napi::Value LibraryProblem(Engine&, const Napi::CallbackInfo& info) {
  const std::string path = ToBytes(info[0], "A path");
  if (dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr) return info.Env().Undefined();
  const char* const reason = dlerror();
  return Napi::String::New(info.Env(), reason != nullptr ? reason : "cannot open " + path);
}

}  // namespace metalearn
