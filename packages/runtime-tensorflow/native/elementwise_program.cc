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

struct LaneOfTensors {
  Lane lane;
  std::vector<size_t> inputs;  // places among the inputs of the program
  std::vector<Shape> outputs;
  std::vector<Reuse> reuses;
};

struct Program {
  std::vector<float> singles;              // constants; what is computed is 0 until then
  std::vector<std::pair<size_t, size_t>> single_inputs;  // place of the input, place of the number
  std::vector<Instruction> before;
  std::vector<LaneOfTensors> lanes;
  std::vector<Instruction> after;
  std::vector<size_t> single_outputs;
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
  throw Napi::RangeError::New(env, "An elementwise program names a place that it does not have.");
}

void RequireBelow(Napi::Env env, int64_t place, size_t count) {
  if (place < 0 || static_cast<size_t>(place) >= count) RefuseProgram(env);
}

std::vector<size_t> Places(Napi::Env env, const std::vector<int32_t>& places, size_t count) {
  for (const int32_t place : places) RequireBelow(env, place, count);
  return {places.begin(), places.end()};
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

std::vector<Instruction> SingleInstructions(const Napi::Object& description, const char* name,
                                            size_t single_count) {
  const Napi::Env env = description.Env();
  auto instructions = Instructions(env, Int32s(description, name));
  for (const Instruction& step : instructions) {
    for (const int32_t place : {step.target, step.left, step.right, step.third}) {
      RequireBelow(env, place, single_count);
    }
  }
  return instructions;
}

LaneOfTensors LaneFrom(const Napi::Object& description, size_t input_count, size_t single_count) {
  const Napi::Env env = description.Env();
  LaneOfTensors result;
  result.inputs = Places(env, Int32s(description, "inputs"), input_count);
  Lane& lane = result.lane;
  lane.size = ToInteger(description.Get("size"), "A lane's size");
  lane.input_count = static_cast<int32_t>(result.inputs.size());
  lane.block_count = static_cast<int32_t>(ToInteger(description.Get("blocks"), "A lane's blocks"));
  const auto blocks = static_cast<size_t>(lane.block_count);
  if (lane.size < 0 || lane.block_count < lane.input_count) RefuseProgram(env);

  lane.instructions = Instructions(env, Int32s(description, "instructions"));
  for (const Instruction& step : lane.instructions) {
    RequireBelow(env, step.target - lane.input_count, blocks - result.inputs.size());
    for (const int32_t operand : {step.left, step.right, step.third}) {
      RequireBelow(env, operand < 0 ? -1 - operand : operand, operand < 0 ? single_count : blocks);
    }
  }
  const auto sums = Int32s(description, "sums");
  for (size_t i = 0; i + 1 < sums.size(); i += 2) {
    RequireBelow(env, sums[i], blocks);
    RequireBelow(env, sums[i + 1], single_count);
    lane.sums.push_back({sums[i], sums[i + 1]});
  }
  const Napi::Array outputs = RequireArray(description.Get("outputs"), "A lane's outputs");
  for (uint32_t i = 0; i < outputs.Length(); ++i) {
    const auto output = outputs.Get(i).As<Napi::Object>();
    const int64_t block = ToInteger(output.Get("block"), "A block");
    RequireBelow(env, block, blocks);
    lane.stores.push_back(static_cast<int32_t>(block));
    result.outputs.push_back(ToIntegers(output.Get("shape"), "A shape"));
  }
  result.reuses = ReusesOf(lane);
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
HostTensor MemoryFor(const Shape& shape, const LaneOfTensors& lane,
                     const std::vector<size_t>& candidates, std::vector<Input>& inputs) {
  for (const size_t candidate : candidates) {
    auto& [tensor, may_be_moved] = inputs[lane.inputs[candidate]];
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

std::vector<HostTensor> RunLaneOn(Napi::Env env, const LaneOfTensors& lane,
                                  std::vector<Input>& inputs, std::vector<float>& singles,
                                  int threads) {
  std::vector<const float*> sources;
  for (const size_t place : lane.inputs) {
    RequireInput(env, inputs[place], lane.lane.size);
    sources.push_back(Values(inputs[place].tensor));
  }
  std::vector<HostTensor> outputs(lane.outputs.size());
  std::vector<float*> targets(lane.outputs.size());
  for (const auto& [output, candidates] : lane.reuses) {
    outputs[output] = MemoryFor(lane.outputs[output], lane, candidates, inputs);
    targets[output] = static_cast<float*>(TF_TensorData(outputs[output].get()));
  }
  RunLane(lane.lane, sources, targets, singles, threads);
  return outputs;
}

}  // namespace

Napi::Value CreateElementwise(Engine&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto description = info[0].As<Napi::Object>();
  auto program = std::make_unique<Program>();
  const auto singles = description.Get("singles").As<Napi::Float32Array>();
  program->singles.assign(singles.Data(), singles.Data() + singles.ElementLength());
  const size_t single_count = program->singles.size();
  const auto input_count =
      static_cast<size_t>(ToInteger(description.Get("inputs"), "The number of inputs"));

  const auto single_inputs = Int32s(description, "singleInputs");
  for (size_t i = 0; i + 1 < single_inputs.size(); i += 2) {
    RequireBelow(env, single_inputs[i], input_count);
    RequireBelow(env, single_inputs[i + 1], single_count);
    program->single_inputs.emplace_back(single_inputs[i], single_inputs[i + 1]);
  }
  program->before = SingleInstructions(description, "before", single_count);
  program->after = SingleInstructions(description, "after", single_count);
  const Napi::Array lanes = RequireArray(description.Get("lanes"), "The lanes");
  for (uint32_t i = 0; i < lanes.Length(); ++i) {
    program->lanes.push_back(LaneFrom(lanes.Get(i).As<Napi::Object>(), input_count, single_count));
  }
  program->single_outputs = Places(env, Int32s(description, "singleOutputs"), single_count);
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

  std::vector<float> singles = program.singles;
  for (const auto& [input, single] : program.single_inputs) {
    RequireInput(env, inputs.at(input), 1);
    singles[single] = *Values(inputs[input].tensor);
  }
  std::vector<HostTensor> outputs;
  RunSingles(program.before, singles);
  for (const LaneOfTensors& lane : program.lanes) {
    for (HostTensor& output : RunLaneOn(env, lane, inputs, singles, program.threads)) {
      outputs.push_back(std::move(output));
    }
  }
  RunSingles(program.after, singles);
  for (const size_t place : program.single_outputs) {
    outputs.push_back(NewHostTensor({}, TF_FLOAT));
    *static_cast<float*>(TF_TensorData(outputs.back().get())) = singles[place];
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
