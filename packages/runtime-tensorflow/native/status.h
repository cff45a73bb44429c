// The outcome of a C API call.
#pragma once

#include <string>

#include "tensorflow/c/tf_status.h"

namespace metalearn {

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;

  // For passing to the C API.
  operator TF_Status*() const { return status_; }

  // Throws std::runtime_error "<what>: <TensorFlow's message> (<code>)" after a failed call. `what`
  // is the operation's name, or the function's where no operation is involved.
  void Check(const char* what) const {
    if (TF_GetCode(status_) != TF_OK) Throw(what);
  }
  void Check(const std::string& what) const { Check(what.c_str()); }

 private:
  [[noreturn]] void Throw(const char* what) const;

  TF_Status* status_;
};

}  // namespace metalearn
