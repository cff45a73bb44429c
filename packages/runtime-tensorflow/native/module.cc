// What JavaScript sees: the binding that TensorFlow.js's Node.js backend expects, the opening and
// closing of the engine, the building of functions and elementwise programs.
// src/tensorflow/binding.ts declares the same in TypeScript.
#include <napi.h>

#if defined(__linux__)
#include <malloc.h>
#endif

#include <string>

#include "cuda_driver.h"
#include "eager.h"
#include "elementwise_program.h"
#include "engine.h"
#include "js_values.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_attrtype.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensor_float_32.h"
#include "tracing.h"

namespace metalearn {
namespace {

using Method = Napi::Value (*)(Engine&, const Napi::CallbackInfo&);

// Exceptions of any kind become JavaScript exceptions here, because the addon is compiled with
// NODE_ADDON_API_CPP_EXCEPTIONS_ALL.
template <Method method>
Napi::Value Call(const Napi::CallbackInfo& info) {
  return method(*info.Env().GetInstanceData<Engine>(), info);
}

// openEngine(config): [{ name, type, memoryBytes }] for each device.
Napi::Value OpenEngine(Engine& engine, const Napi::CallbackInfo& info) {
  engine.Open(ToBytes(info[0], "The configuration"));
  Napi::Array devices = Napi::Array::New(info.Env());
  for (const Device& device : engine.devices()) {
    Napi::Object description = Napi::Object::New(info.Env());
    description.Set("name", device.name);
    description.Set("type", device.type);
    description.Set("memoryBytes", static_cast<double>(device.memory_bytes));
    devices.Set(devices.Length(), description);
  }
  return devices;
}

Napi::Value CloseEngine(Engine& engine, const Napi::CallbackInfo& info) {
  engine.Close();
  return info.Env().Undefined();
}

Napi::Value IsEngineOpen(Engine& engine, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine.is_open());
}

Napi::Value IsUsingGpuDevice(Engine& engine, const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine.gpu() != nullptr);
}

Napi::Value GetNumOfTensors(Engine& engine, const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(engine.tensors().count()));
}

Napi::Value GetTensorBytes(Engine& engine, const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(engine.tensors().bytes()));
}

// glibc keeps what was freed; a compiler leaves hundreds of megabytes.
Napi::Value TrimMemory(Engine&, const Napi::CallbackInfo& info) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  return info.Env().Undefined();
}

Napi::Value GetNumOfSavedModels(Engine&, const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value RefuseSavedModel(Engine&, const Napi::CallbackInfo& info) {
  throw Napi::Error::New(info.Env(),
                         "metalearn's TensorFlow engine does not run SavedModels; checkpoints are "
                         "safetensors files.");
}

template <Method method>
void Export(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<Call<method>>(exports.Env(), name));
}

void ExportConstants(Napi::Object exports) {
  const struct {
    const char* name;
    int value;
  } constants[] = {
      {"TF_FLOAT", TF_FLOAT},
      {"TF_DOUBLE", TF_DOUBLE},
      {"TF_HALF", TF_HALF},
      {"TF_BFLOAT16", TF_BFLOAT16},
      {"TF_INT32", TF_INT32},
      {"TF_INT64", TF_INT64},
      {"TF_UINT8", TF_UINT8},
      {"TF_BOOL", TF_BOOL},
      {"TF_COMPLEX64", TF_COMPLEX64},
      {"TF_STRING", TF_STRING},
      {"TF_RESOURCE", TF_RESOURCE},
      {"TF_ATTR_STRING", TF_ATTR_STRING},
      {"TF_ATTR_INT", TF_ATTR_INT},
      {"TF_ATTR_FLOAT", TF_ATTR_FLOAT},
      {"TF_ATTR_BOOL", TF_ATTR_BOOL},
      {"TF_ATTR_TYPE", TF_ATTR_TYPE},
      {"TF_ATTR_SHAPE", TF_ATTR_SHAPE},
  };
  for (const auto& constant : constants) exports.Set(constant.name, constant.value);
  exports.Set("TF_Version", TF_Version());
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // Freed by Node.js when this environment ends, be it a process or a worker.
  env.SetInstanceData(new Engine);
  Export<OpenEngine>(exports, "openEngine");
  Export<CloseEngine>(exports, "closeEngine");
  Export<IsEngineOpen>(exports, "isEngineOpen");
  Export<CreateTensor>(exports, "createTensor");
  Export<DeleteTensor>(exports, "deleteTensor");
  Export<TensorDataSync>(exports, "tensorDataSync");
  Export<TensorDevice>(exports, "tensorDevice");
  Export<ExecuteOp>(exports, "executeOp");
  Export<OpenGraph>(exports, "openGraph");
  Export<CloseGraph>(exports, "closeGraph");
  Export<OperationDefinition>(exports, "operationDefinition");
  Export<AddPlaceholder>(exports, "addPlaceholder");
  Export<AddConstant>(exports, "addConstant");
  Export<AddOperation>(exports, "addOperation");
  Export<ConstantValue>(exports, "constantValue");
  Export<AddFunction>(exports, "addFunction");
  Export<RemoveFunction>(exports, "removeFunction");
  Export<CreateElementwise>(exports, "createElementwise");
  Export<RunElementwise>(exports, "runElementwise");
  Export<AllowTensorFloat32>(exports, "allowTensorFloat32");
  Export<CudaDriver>(exports, "cudaDriver");
  Export<CudaMemory>(exports, "cudaMemory");
  Export<LibraryProblem>(exports, "libraryProblem");
  Export<TrimMemory>(exports, "trimMemory");
  Export<IsUsingGpuDevice>(exports, "isUsingGpuDevice");
  Export<GetNumOfTensors>(exports, "getNumOfTensors");
  Export<GetTensorBytes>(exports, "getTensorBytes");
  Export<GetNumOfSavedModels>(exports, "getNumOfSavedModels");
  Export<RefuseSavedModel>(exports, "loadSavedModel");
  Export<RefuseSavedModel>(exports, "deleteSavedModel");
  Export<RefuseSavedModel>(exports, "runSavedModel");
  ExportConstants(exports);
  return exports;
}

}  // namespace
}  // namespace metalearn

Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return metalearn::Init(env, exports);
}

NODE_API_MODULE(metalearn_tensorflow, InitAddon)
