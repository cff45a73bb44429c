#include "elementwise_program.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eager.h"
#include "elementwise.h"
#include "host_data.h"
#include "js_values.h"
#include "status.h"

namespace metalearn {
namespace {

using Shape = std::vector<int64_t>;

// A kernel with its part in a program.
struct BoundKernel {
  Kernel body;
  std::vector<size_t> inputs;  // indices of the program's inputs
  std::vector<Shape> outputs;
  std::vector<Reuse> reuses;
};

struct Program {
  std::vector<float> scalars;  // by slot: constants; what is computed is 0 until then
  std::vector<std::pair<size_t, size_t>> scalar_inputs;  // index of the input, slot of its number
  std::vector<Instruction> before;
  std::vector<BoundKernel> kernels;
  std::vector<Instruction> after;
  std::vector<size_t> scalar_outputs;
  int threads;
};

std::vector<int32_t> Int32s(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw Napi::TypeError::New(object.Env(), std::string(name) + " must be an Int32Array.");
  }
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

[[noreturn]] void RefuseProgram(Napi::Env env) {
  throw Napi::RangeError::New(
      env,
      "An elementwise program refers to an input, a register or a scalar that it does not have.");
}

void RequireBelow(Napi::Env env, int64_t index, size_t count) {
  if (index < 0 || static_cast<size_t>(index) >= count) RefuseProgram(env);
}

std::vector<size_t> Indices(Napi::Env env, const std::vector<int32_t>& indices, size_t count) {
  for (const int32_t index : indices) RequireBelow(env, index, count);
  return {indices.begin(), indices.end()};
}

// Five numbers each: code, target, left, right, third.
std::vector<Instruction> Instructions(Napi::Env env, const std::vector<int32_t>& numbers) {
  std::vector<Instruction> instructions;
  for (size_t i = 0; i + 4 < numbers.size(); i += 5) {
    RequireBelow(env, numbers[i], kCodeCount);
    instructions.push_back(
        {static_cast<Code>(numbers[i]), numbers[i + 1], numbers[i + 2], numbers[i + 3],
         numbers[i + 4]});
  }
  return instructions;
}

std::vector<Instruction> ScalarInstructions(const Napi::Object& description, const char* name,
                                            size_t scalar_count) {
  const Napi::Env env = description.Env();
  auto instructions = Instructions(env, Int32s(description, name));
  for (const Instruction& step : instructions) {
    for (const int32_t slot : {step.target, step.left, step.right, step.third}) {
      RequireBelow(env, slot, scalar_count);
    }
  }
  return instructions;
}

BoundKernel KernelFrom(const Napi::Object& description, size_t input_count, size_t scalar_count) {
  const Napi::Env env = description.Env();
  BoundKernel result;
  result.inputs = Indices(env, Int32s(description, "inputs"), input_count);
  Kernel& kernel = result.body;
  kernel.size = ToInteger(description.Get("size"), "A kernel's size");
  kernel.input_count = static_cast<int32_t>(result.inputs.size());
  kernel.register_count =
      static_cast<int32_t>(ToInteger(description.Get("registers"), "A kernel's registers"));
  const auto registers = static_cast<size_t>(kernel.register_count);
  if (kernel.size < 0 || kernel.register_count < kernel.input_count) RefuseProgram(env);

  kernel.instructions = Instructions(env, Int32s(description, "instructions"));
  for (const Instruction& step : kernel.instructions) {
    RequireBelow(env, step.target - kernel.input_count, registers - result.inputs.size());
    for (const int32_t operand : {step.left, step.right, step.third}) {
      RequireBelow(env, operand < 0 ? -1 - operand : operand,
                   operand < 0 ? scalar_count : registers);
    }
  }
  const auto sums = Int32s(description, "sums");
  for (size_t i = 0; i + 1 < sums.size(); i += 2) {
    RequireBelow(env, sums[i], registers);
    RequireBelow(env, sums[i + 1], scalar_count);
    kernel.sums.push_back({sums[i], sums[i + 1]});
  }
  const Napi::Array outputs = RequireArray(description.Get("outputs"), "A kernel's outputs");
  for (uint32_t i = 0; i < outputs.Length(); ++i) {
    const auto output = outputs.Get(i).As<Napi::Object>();
    const int64_t source = ToInteger(output.Get("register"), "A register");
    RequireBelow(env, source, registers);
    kernel.stores.push_back(static_cast<int32_t>(source));
    result.outputs.push_back(ToIntegers(output.Get("shape"), "A shape"));
  }
  result.reuses = ReusesOf(kernel);
  return result;
}

// An input for as long as the program runs.
struct Input {
  HostTensor tensor;
  bool may_be_moved;
};

Input InputOf(Engine& engine, int64_t id, bool is_taken) {
  TensorTable& tensors = engine.tensors();
  Status status;
  HostTensor tensor(TFE_TensorHandleResolve(tensors.Get(id), status));
  status.Check("TFE_TensorHandleResolve");
  const bool may_be_moved = is_taken && tensors.IsWhole(id);
  if (is_taken) tensors.Delete(id);
  return {std::move(tensor), may_be_moved};
}

bool HasShape(const TF_Tensor* tensor, const Shape& shape) {
  if (static_cast<size_t>(TF_NumDims(tensor)) != shape.size()) return false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (TF_Dim(tensor, static_cast<int>(axis)) != shape[axis]) return false;
  }
  return true;
}

// The memory of an input that was given away and of which nobody else knows, or new memory.
HostTensor MemoryFor(const Shape& shape, const BoundKernel& kernel,
                     const std::vector<size_t>& candidates, std::vector<Input>& inputs) {
  for (const size_t candidate : candidates) {
    auto& [tensor, may_be_moved] = inputs[kernel.inputs[candidate]];
    if (!may_be_moved || !HasShape(tensor.get(), shape)) continue;
    may_be_moved = false;
    if (TF_Tensor* const moved = TF_TensorMaybeMove(tensor.get())) {
      tensor.release();  // it was freed by moving
      return HostTensor(moved);
    }
  }
  return NewHostTensor(shape, TF_FLOAT);
}

const float* Values(const HostTensor& tensor) {
  return static_cast<const float*>(TF_TensorData(tensor.get()));
}

void RequireInput(Napi::Env env, const Input& input, int64_t size) {
  if (TF_TensorType(input.tensor.get()) != TF_FLOAT ||
      TF_TensorElementCount(input.tensor.get()) != size) {
    throw Napi::TypeError::New(env, "An input of an elementwise program has another type or size.");
  }
}

std::vector<HostTensor> RunBoundKernel(Napi::Env env, const BoundKernel& kernel,
                                       std::vector<Input>& inputs, std::vector<float>& scalars,
                                       int threads) {
  std::vector<const float*> sources;
  for (const size_t input : kernel.inputs) {
    RequireInput(env, inputs[input], kernel.body.size);
    sources.push_back(Values(inputs[input].tensor));
  }
  std::vector<HostTensor> outputs(kernel.outputs.size());
  std::vector<float*> targets(kernel.outputs.size());
  for (const auto& [output, candidates] : kernel.reuses) {
    outputs[output] = MemoryFor(kernel.outputs[output], kernel, candidates, inputs);
    targets[output] = static_cast<float*>(TF_TensorData(outputs[output].get()));
  }
  RunKernel(kernel.body, sources, targets, scalars, threads);
  return outputs;
}

}  // namespace

Napi::Value CreateElementwise(Engine&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto description = info[0].As<Napi::Object>();
  auto program = std::make_unique<Program>();
  const auto scalars = description.Get("scalars").As<Napi::Float32Array>();
  program->scalars.assign(scalars.Data(), scalars.Data() + scalars.ElementLength());
  const size_t scalar_count = program->scalars.size();
  const auto input_count =
      static_cast<size_t>(ToInteger(description.Get("inputs"), "The number of inputs"));

  const auto scalar_inputs = Int32s(description, "scalarInputs");
  for (size_t i = 0; i + 1 < scalar_inputs.size(); i += 2) {
    RequireBelow(env, scalar_inputs[i], input_count);
    RequireBelow(env, scalar_inputs[i + 1], scalar_count);
    program->scalar_inputs.emplace_back(scalar_inputs[i], scalar_inputs[i + 1]);
  }
  program->before = ScalarInstructions(description, "before", scalar_count);
  program->after = ScalarInstructions(description, "after", scalar_count);
  const Napi::Array kernels = RequireArray(description.Get("kernels"), "The kernels");
  for (uint32_t i = 0; i < kernels.Length(); ++i) {
    program->kernels.push_back(
        KernelFrom(kernels.Get(i).As<Napi::Object>(), input_count, scalar_count));
  }
  program->scalar_outputs = Indices(env, Int32s(description, "scalarOutputs"), scalar_count);
  program->threads = static_cast<int>(ToInteger(description.Get("threads"), "Threads"));
  return Napi::External<Program>::New(env, program.release(),
                                      [](Napi::Env, Program* owned) { delete owned; });
}

Napi::Value RunElementwise(Engine& engine, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Program& program = *info[0].As<Napi::External<Program>>().Data();
  const Napi::Array ids = RequireArray(info[1], "Inputs");
  const Napi::Array taken = RequireArray(info[2], "What is taken");
  std::vector<Input> inputs;
  for (uint32_t i = 0; i < ids.Length(); ++i) {
    inputs.push_back(InputOf(engine, ToInteger(ids.Get(i), "An input"),
                             taken.Get(i).ToBoolean().Value()));
  }

  std::vector<float> scalars = program.scalars;
  for (const auto& [input, slot] : program.scalar_inputs) {
    RequireInput(env, inputs.at(input), 1);
    scalars[slot] = *Values(inputs[input].tensor);
  }
  std::vector<HostTensor> outputs;
  RunScalars(program.before, scalars);
  for (const BoundKernel& kernel : program.kernels) {
    for (HostTensor& output : RunBoundKernel(env, kernel, inputs, scalars, program.threads)) {
      outputs.push_back(std::move(output));
    }
  }
  RunScalars(program.after, scalars);
  for (const size_t slot : program.scalar_outputs) {
    outputs.push_back(NewHostTensor({}, TF_FLOAT));
    *static_cast<float*>(TF_TensorData(outputs.back().get())) = scalars[slot];
  }

  std::vector<TensorHandle> handles;
  for (const HostTensor& output : outputs) {
    Status status;
    handles.emplace_back(TFE_NewTensorHandle(output.get(), status));
    status.Check("TFE_NewTensorHandle");
  }
  return DescribeTensors(env, engine.tensors(), std::move(handles), TensorTable::Memory::kWhole);
}

}  // namespace metalearn
