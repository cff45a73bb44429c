// Owning pointers for the objects of the TensorFlow C API: each frees its object with the function
// that the C API prescribes, also when an exception passes by.
#pragma once

#include <memory>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace metalearn {

template <auto Delete>
struct DeleteWith {
  template <typename T>
  void operator()(T* object) const {
    Delete(object);
  }
};

// Values in host memory.
using HostTensor = std::unique_ptr<TF_Tensor, DeleteWith<TF_DeleteTensor>>;
// A value of the eager engine, on any device.
using TensorHandle = std::unique_ptr<TFE_TensorHandle, DeleteWith<TFE_DeleteTensorHandle>>;
// An operation about to be executed.
using EagerOp = std::unique_ptr<TFE_Op, DeleteWith<TFE_DeleteOp>>;
using Context = std::unique_ptr<TFE_Context, DeleteWith<TFE_DeleteContext>>;
using ContextOptions = std::unique_ptr<TFE_ContextOptions, DeleteWith<TFE_DeleteContextOptions>>;
using GraphHandle = std::unique_ptr<TF_Graph, DeleteWith<TF_DeleteGraph>>;
using Function = std::unique_ptr<TF_Function, DeleteWith<TF_DeleteFunction>>;
// Bytes that the C API hands out.
using Buffer = std::unique_ptr<TF_Buffer, DeleteWith<TF_DeleteBuffer>>;
using DeviceList = std::unique_ptr<TF_DeviceList, DeleteWith<TF_DeleteDeviceList>>;

}  // namespace metalearn
