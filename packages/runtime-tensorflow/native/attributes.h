// The attributes of an operation, as TensorFlow.js's kernels describe them:
// an array of { name, type, value } with `type` one of TF_ATTR_*.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/c/tf_datatype.h"

namespace metalearn {

// Receives the attributes of one operation. An operation that is executed at once and a node of a
// graph take them through different functions of the C API.
class AttributeSink {
 public:
  virtual ~AttributeSink() = default;
  virtual void String(const std::string& name, const std::string& value) = 0;
  virtual void Integer(const std::string& name, int64_t value) = 0;
  virtual void Integers(const std::string& name, const std::vector<int64_t>& values) = 0;
  virtual void Float(const std::string& name, float value) = 0;
  virtual void Floats(const std::string& name, const std::vector<float>& values) = 0;
  virtual void Boolean(const std::string& name, bool value) = 0;
  virtual void Booleans(const std::string& name, const std::vector<unsigned char>& values) = 0;
  virtual void Type(const std::string& name, TF_DataType value) = 0;
  virtual void Types(const std::string& name, const std::vector<TF_DataType>& values) = 0;
  // -1 stands for a dimension that is not known.
  virtual void Shape(const std::string& name, const std::vector<int64_t>& dims) = 0;
};

// Hands every attribute of the operation `op_name` to `sink`, in order.
// Throws a TypeError that names both when a value does not fit its type.
void SetAttributes(const std::string& op_name, const Napi::Array& attributes, AttributeSink& sink);

}  // namespace metalearn
