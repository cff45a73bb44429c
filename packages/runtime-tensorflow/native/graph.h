// A TensorFlow graph under construction: the operations of a function that is being traced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "handles.h"

namespace metalearn {

class Graph {
 public:
  Graph() : graph_(TF_NewGraph()) {}

  TF_Graph* get() const { return graph_.get(); }

  // Numbers an output of an operation, for JavaScript.
  int64_t Add(TF_Output output);

  // Throws std::runtime_error when there is no such output.
  TF_Output Get(int64_t id) const;

  // A name that no other node of this graph has.
  std::string UniqueName(const std::string& operation);

 private:
  GraphHandle graph_;
  std::vector<TF_Output> outputs_;
  int64_t names_ = 0;
};

// One node on its way into a graph. One that is not finished, because an exception passes by, is
// given up.
class GraphNode {
 public:
  GraphNode(Graph& graph, const std::string& operation);
  ~GraphNode();
  GraphNode(const GraphNode&) = delete;
  GraphNode& operator=(const GraphNode&) = delete;

  // For adding inputs and attributes.
  TF_OperationDescription* get() const { return description_; }

  // Throws std::runtime_error with the operation's name when TensorFlow refuses the node.
  TF_Operation* Finish();

 private:
  std::string operation_;
  TF_OperationDescription* description_;
};

}  // namespace metalearn
