#include "graph.h"

#include <stdexcept>
#include <utility>

#include "status.h"

namespace metalearn {

int64_t Graph::Add(TF_Output output) {
  outputs_.push_back(output);
  return static_cast<int64_t>(outputs_.size()) - 1;
}

TF_Output Graph::Get(int64_t id) const {
  if (id < 0 || id >= static_cast<int64_t>(outputs_.size())) {
    throw std::runtime_error("The graph has no output " + std::to_string(id) + ".");
  }
  return outputs_[static_cast<size_t>(id)];
}

std::string Graph::UniqueName(const std::string& operation) {
  return operation + "_" + std::to_string(names_++);
}

GraphNode::GraphNode(Graph& graph, const std::string& operation)
    : operation_(operation),
      description_(TF_NewOperation(graph.get(), operation.c_str(),
                                   graph.UniqueName(operation).c_str())) {}

GraphNode::~GraphNode() {
  if (description_ == nullptr) return;
  Status ignored;
  TF_FinishOperation(description_, ignored);  // the only way to free it
}

TF_Operation* GraphNode::Finish() {
  Status status;
  TF_Operation* const operation =
      TF_FinishOperation(std::exchange(description_, nullptr), status);
  status.Check(operation_);
  return operation;
}

}  // namespace metalearn
