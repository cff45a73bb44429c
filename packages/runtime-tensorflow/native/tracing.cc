#include "tracing.h"

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "attributes.h"
#include "graph.h"
#include "host_data.h"
#include "js_values.h"
#include "status.h"

namespace metalearn {
namespace {

class NodeAttributes final : public AttributeSink {
 public:
  explicit NodeAttributes(TF_OperationDescription* node) : node_(node) {}

  void String(const std::string& name, const std::string& value) override {
    TF_SetAttrString(node_, name.c_str(), value.data(), value.size());
  }
  void Integer(const std::string& name, int64_t value) override {
    TF_SetAttrInt(node_, name.c_str(), value);
  }
  void Integers(const std::string& name, const std::vector<int64_t>& values) override {
    TF_SetAttrIntList(node_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Float(const std::string& name, float value) override {
    TF_SetAttrFloat(node_, name.c_str(), value);
  }
  void Floats(const std::string& name, const std::vector<float>& values) override {
    TF_SetAttrFloatList(node_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Boolean(const std::string& name, bool value) override {
    TF_SetAttrBool(node_, name.c_str(), value ? 1 : 0);
  }
  void Booleans(const std::string& name, const std::vector<unsigned char>& values) override {
    TF_SetAttrBoolList(node_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Type(const std::string& name, TF_DataType value) override {
    TF_SetAttrType(node_, name.c_str(), value);
  }
  void Types(const std::string& name, const std::vector<TF_DataType>& values) override {
    TF_SetAttrTypeList(node_, name.c_str(), values.data(), static_cast<int>(values.size()));
  }
  void Shape(const std::string& name, const std::vector<int64_t>& dims) override {
    TF_SetAttrShape(node_, name.c_str(), dims.data(), static_cast<int>(dims.size()));
  }

 private:
  TF_OperationDescription* node_;
};

std::vector<int64_t> InferredShape(const Graph& graph, TF_Output output) {
  Status status;
  const int rank = TF_GraphGetTensorNumDims(graph.get(), output, status);
  status.Check("TF_GraphGetTensorNumDims");
  if (rank < 0) return {-1};
  std::vector<int64_t> shape(rank);
  TF_GraphGetTensorShape(graph.get(), output, shape.data(), rank, status);
  status.Check("TF_GraphGetTensorShape");
  return shape;
}

Napi::Object Describe(Napi::Env env, Graph& graph, TF_Output output) {
  const std::vector<int64_t> dims = InferredShape(graph, output);
  Napi::Array shape = Napi::Array::New(env, dims.size());
  for (uint32_t axis = 0; axis < dims.size(); ++axis) {
    shape.Set(axis, Napi::Number::New(env, static_cast<double>(dims[axis])));
  }
  Napi::Object description = Napi::Object::New(env);
  description.Set("id", Napi::Number::New(env, static_cast<double>(graph.Add(output))));
  description.Set("shape", shape);
  description.Set("dtype", Napi::Number::New(env, TF_OperationOutputType(output)));
  return description;
}

void AddInput(const Graph& graph, const GraphNode& node, const Napi::Value& input) {
  if (!input.IsArray()) return TF_AddInput(node.get(), graph.Get(ToInteger(input, "An input")));
  std::vector<TF_Output> list;
  for (const int64_t id : ToIntegers(input, "A list of inputs")) list.push_back(graph.Get(id));
  TF_AddInputList(node.get(), list.data(), static_cast<int>(list.size()));
}

std::vector<TF_Output> OutputsOf(const Graph& graph, const Napi::Value& ids, const char* what) {
  std::vector<TF_Output> outputs;
  for (const int64_t id : ToIntegers(ids, what)) outputs.push_back(graph.Get(id));
  return outputs;
}

}  // namespace

Napi::Value OpenGraph(Engine& engine, const Napi::CallbackInfo& info) {
  engine.OpenGraph();
  return info.Env().Undefined();
}

Napi::Value CloseGraph(Engine& engine, const Napi::CallbackInfo& info) {
  engine.CloseGraph();
  return info.Env().Undefined();
}

Napi::Value OperationDefinition(Engine& engine, const Napi::CallbackInfo& info) {
  const std::string name = ToBytes(info[0], "An operation's name");
  const Buffer buffer(TF_NewBuffer());
  Status status;
  TF_GraphGetOpDef(engine.graph().get(), name.c_str(), buffer.get(), status);
  status.Check(name);
  return Napi::Buffer<uint8_t>::Copy(info.Env(), static_cast<const uint8_t*>(buffer->data),
                                     buffer->length);
}

Napi::Value AddPlaceholder(Engine& engine, const Napi::CallbackInfo& info) {
  Graph& graph = engine.graph();
  GraphNode node(graph, "Placeholder");
  NodeAttributes attributes(node.get());
  attributes.Shape("shape", ToIntegers(info[0], "A shape"));
  attributes.Type("dtype", static_cast<TF_DataType>(ToInteger(info[1], "A tensor's type")));
  return Describe(info.Env(), graph, {node.Finish(), 0});
}

Napi::Value AddConstant(Engine& engine, const Napi::CallbackInfo& info) {
  Graph& graph = engine.graph();
  const auto type = static_cast<TF_DataType>(ToInteger(info[1], "A tensor's type"));
  const HostTensor host = HostTensorFrom(ToIntegers(info[0], "A shape"), type, info[2]);
  GraphNode node(graph, "Const");
  Status status;
  TF_SetAttrTensor(node.get(), "value", host.get(), status);
  status.Check("Const");
  NodeAttributes(node.get()).Type("dtype", type);
  return Describe(info.Env(), graph, {node.Finish(), 0});
}

Napi::Value AddOperation(Engine& engine, const Napi::CallbackInfo& info) {
  Graph& graph = engine.graph();
  const std::string name = ToBytes(info[0], "An operation's name");
  GraphNode node(graph, name);
  const Napi::Array inputs = RequireArray(info[2], "Inputs");
  for (uint32_t i = 0, count = inputs.Length(); i < count; ++i) {
    AddInput(graph, node, inputs.Get(i));
  }
  NodeAttributes attributes(node.get());
  SetAttributes(name, RequireArray(info[1], "Attributes"), attributes);
  TF_Operation* const operation = node.Finish();

  const auto output_count = static_cast<int>(ToInteger(info[3], "The number of outputs"));
  Napi::Array outputs = Napi::Array::New(info.Env(), output_count);
  for (int i = 0; i < output_count; ++i) {
    outputs.Set(static_cast<uint32_t>(i), Describe(info.Env(), graph, {operation, i}));
  }
  return outputs;
}

Napi::Value ConstantValue(Engine& engine, const Napi::CallbackInfo& info) {
  const Graph& graph = engine.graph();
  TF_Tensor* value = nullptr;
  Status status;
  const bool is_constant = TF_TryEvaluateConstant(
      graph.get(), graph.Get(ToInteger(info[0], "An output's number")), &value, status);
  const HostTensor owned(value);
  status.Check("TF_TryEvaluateConstant");
  return is_constant && owned ? ToJs(info.Env(), owned.get()) : info.Env().Undefined();
}

Napi::Value AddFunction(Engine& engine, const Napi::CallbackInfo& info) {
  const Graph& graph = engine.graph();
  const std::string name = ToBytes(info[0], "A function's name");
  const std::vector<TF_Output> inputs = OutputsOf(graph, info[1], "The inputs of a function");
  const std::vector<TF_Output> outputs = OutputsOf(graph, info[2], "The outputs of a function");
  std::vector<const TF_Operation*> body;
  std::unordered_set<const TF_Operation*> known;
  for (const TF_Output output : OutputsOf(graph, info[3], "The body of a function")) {
    if (known.insert(output.oper).second) body.push_back(output.oper);
  }
  Status status;
  const Function function(TF_GraphToFunction(
      graph.get(), name.c_str(), /*append_hash_to_fn_name=*/0, static_cast<int>(body.size()),
      body.data(), static_cast<int>(inputs.size()), inputs.data(), static_cast<int>(outputs.size()),
      outputs.data(), /*output_names=*/nullptr, /*opts=*/nullptr, /*description=*/nullptr, status));
  status.Check("TF_GraphToFunction");
  TFE_ContextAddFunction(engine.context(), function.get(), status);
  status.Check("TFE_ContextAddFunction");
  return info.Env().Undefined();
}

Napi::Value RemoveFunction(Engine& engine, const Napi::CallbackInfo& info) {
  Status status;
  TFE_ContextRemoveFunction(engine.context(),
                            ToBytes(info[0], "A function's name").c_str(), status);
  status.Check("TFE_ContextRemoveFunction");
  return info.Env().Undefined();
}

}  // namespace metalearn
