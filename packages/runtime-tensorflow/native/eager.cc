#include "eager.h"

#include <string>
#include <utility>
#include <vector>

#include "attributes.h"
#include "handles.h"
#include "host_data.h"
#include "js_values.h"
#include "status.h"

namespace metalearn {
namespace {

class EagerAttributes final : public AttributeSink {
 public:
  EagerAttributes(TFE_Op* op, const std::string& op_name) : op_(op), op_name_(op_name) {}

  void String(const std::string& name, const std::string& value) override {
    TFE_OpSetAttrString(op_, name.c_str(), value.data(), value.size());
  }
  void Integer(const std::string& name, int64_t value) override {
    TFE_OpSetAttrInt(op_, name.c_str(), value);
  }
  void Integers(const std::string& name, const std::vector<int64_t>& values) override {
    TFE_OpSetAttrIntList(op_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Float(const std::string& name, float value) override {
    TFE_OpSetAttrFloat(op_, name.c_str(), value);
  }
  void Floats(const std::string& name, const std::vector<float>& values) override {
    TFE_OpSetAttrFloatList(op_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Boolean(const std::string& name, bool value) override {
    TFE_OpSetAttrBool(op_, name.c_str(), value ? 1 : 0);
  }
  void Booleans(const std::string& name, const std::vector<unsigned char>& values) override {
    TFE_OpSetAttrBoolList(op_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Type(const std::string& name, TF_DataType value) override {
    TFE_OpSetAttrType(op_, name.c_str(), value);
  }
  void Types(const std::string& name, const std::vector<TF_DataType>& values) override {
    TFE_OpSetAttrTypeList(op_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Shape(const std::string& name, const std::vector<int64_t>& dims) override {
    Status status;
    TFE_OpSetAttrShape(op_, name.c_str(), dims.data(), static_cast<int>(dims.size()), status);
    status.Check(op_name_);
  }

 private:
  TFE_Op* op_;
  const std::string& op_name_;
};

// TensorFlow keeps int32 and strings in host memory also when it computes on a GPU.
bool LivesOnGpu(TF_DataType type) { return type != TF_INT32 && type != TF_STRING; }

Napi::Array ShapeOf(Napi::Env env, TFE_TensorHandle* handle) {
  Status status;
  const int rank = TFE_TensorHandleNumDims(handle, status);
  status.Check("TFE_TensorHandleNumDims");
  Napi::Array shape = Napi::Array::New(env, rank);
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t dim = TFE_TensorHandleDim(handle, axis, status);
    status.Check("TFE_TensorHandleDim");
    shape.Set(static_cast<uint32_t>(axis), Napi::Number::New(env, static_cast<double>(dim)));
  }
  return shape;
}

std::vector<TensorHandle> Execute(TFE_Op* op, const std::string& name, int output_count) {
  std::vector<TFE_TensorHandle*> outputs(output_count, nullptr);
  Status status;
  TFE_Execute(op, outputs.data(), &output_count, status);
  status.Check(name);
  std::vector<TensorHandle> owned;
  owned.reserve(output_count);
  for (int i = 0; i < output_count; ++i) owned.emplace_back(outputs[i]);
  return owned;
}

}  // namespace

Napi::Array DescribeTensors(Napi::Env env, TensorTable& tensors, std::vector<TensorHandle> handles,
                            TensorTable::Memory memory) {
  // All before the first is handed over, so that one that cannot be described leaves none behind
  // that JavaScript does not know.
  Napi::Array descriptions = Napi::Array::New(env, handles.size());
  for (uint32_t i = 0; i < handles.size(); ++i) {
    Napi::Object description = Napi::Object::New(env);
    description.Set("shape", ShapeOf(env, handles[i].get()));
    description.Set("dtype", Napi::Number::New(env, TFE_TensorHandleDataType(handles[i].get())));
    descriptions.Set(i, description);
  }
  for (uint32_t i = 0; i < handles.size(); ++i) {
    const int64_t id = tensors.Add(std::move(handles[i]), memory);
    descriptions.Get(i).As<Napi::Object>().Set("id",
                                               Napi::Number::New(env, static_cast<double>(id)));
  }
  return descriptions;
}

Napi::Value CreateTensor(Engine& engine, const Napi::CallbackInfo& info) {
  TFE_Context* const context = engine.context();
  const auto type = static_cast<TF_DataType>(ToInteger(info[1], "A tensor's type"));
  const HostTensor host = HostTensorFrom(ToIntegers(info[0], "A shape"), type, info[2]);
  Status status;
  TensorHandle handle(TFE_NewTensorHandle(host.get(), status));
  status.Check("TFE_NewTensorHandle");
  if (const Device* gpu = engine.gpu(); gpu && LivesOnGpu(type)) {
    handle.reset(TFE_TensorHandleCopyToDevice(handle.get(), context, gpu->name.c_str(), status));
    status.Check("TFE_TensorHandleCopyToDevice");
  }
  return Napi::Number::New(info.Env(),
                           static_cast<double>(engine.tensors().Add(std::move(handle), TensorTable::Memory::kWhole)));
}

Napi::Value DeleteTensor(Engine& engine, const Napi::CallbackInfo& info) {
  engine.tensors().Delete(ToInteger(info[0], "A tensor's number"));
  return info.Env().Undefined();
}

Napi::Value TensorDataSync(Engine& engine, const Napi::CallbackInfo& info) {
  TFE_TensorHandle* const handle = engine.tensors().Get(ToInteger(info[0], "A tensor's number"));
  Status status;
  const HostTensor host(TFE_TensorHandleResolve(handle, status));
  status.Check("TFE_TensorHandleResolve");
  return ToJs(info.Env(), host.get());
}

Napi::Value TensorDevice(Engine& engine, const Napi::CallbackInfo& info) {
  TFE_TensorHandle* const handle = engine.tensors().Get(ToInteger(info[0], "A tensor's number"));
  Status status;
  const char* const name = TFE_TensorHandleBackingDeviceName(handle, status);
  status.Check("TFE_TensorHandleBackingDeviceName");
  return Napi::String::New(info.Env(), name);
}

Napi::Value ExecuteOp(Engine& engine, const Napi::CallbackInfo& info) {
  const std::string name = ToBytes(info[0], "An operation's name");
  Status status;
  const EagerOp op(TFE_NewOp(engine.context(), name.c_str(), status));
  status.Check(name);

  const Napi::Array inputs = RequireArray(info[2], "Inputs");
  for (uint32_t i = 0, count = inputs.Length(); i < count; ++i) {
    const int64_t id = ToInteger(inputs.Get(i), "An input");
    TFE_OpAddInput(op.get(), engine.tensors().Get(id), status);
    status.Check(name);
  }

  // After the inputs, whose types then count more than those given here: the kernel for Mean gives
  // the type of a tensor that it converts before.
  EagerAttributes attributes(op.get(), name);
  SetAttributes(name, RequireArray(info[1], "Attributes"), attributes);

  const auto output_count = static_cast<int>(ToInteger(info[3], "The number of outputs"));
  return DescribeTensors(info.Env(), engine.tensors(), Execute(op.get(), name, output_count),
                         TensorTable::Memory::kPerhapsShared);
}

}  // namespace metalearn
