// One TensorFlow eager context with its devices and the tensors that live on them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "graph.h"
#include "handles.h"
#include "tensor_table.h"

namespace metalearn {

struct Device {
  std::string name;  // "/job:localhost/replica:0/task:0/device:CPU:0"
  std::string type;  // "CPU" or "GPU"
  int64_t memory_bytes;
};

// Each JavaScript environment (the main thread, each worker) owns one.
class Engine {
 public:
  // Starts TensorFlow. `config` is a serialized tensorflow.ConfigProto, empty for the defaults.
  // Throws std::runtime_error when an engine is open already or TensorFlow refuses.
  void Open(const std::string& config);

  // Frees all tensors, then TensorFlow's context. Does nothing when closed.
  void Close();

  bool is_open() const { return context_ != nullptr; }

  // Throws std::runtime_error when the engine is not open.
  TFE_Context* context() const;

  // Begins a graph. Throws std::runtime_error when one is open already.
  void OpenGraph();

  // Frees the graph. Does nothing when none is open.
  void CloseGraph() { graph_.reset(); }

  // Throws std::runtime_error when no graph is open.
  Graph& graph() const;

  TensorTable& tensors() { return tensors_; }
  const std::vector<Device>& devices() const { return devices_; }

  // The GPU that computes, null when the CPU does.
  const Device* gpu() const;

 private:
  // Declared first to be destroyed last: tensors need their context while they are freed.
  Context context_;
  TensorTable tensors_;
  std::vector<Device> devices_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace metalearn
