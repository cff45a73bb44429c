// Tensor values between JavaScript and host memory.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "handles.h"

namespace metalearn {

// Memory for values that are yet to come.
HostTensor NewHostTensor(const std::vector<int64_t>& shape, TF_DataType type);

// Copies `data` into a new host tensor. Strings come as an array of Uint8Array; everything else as
// the typed array of its type: Float32Array (float32; two per complex64), Int32Array (int32; a pair
// of low and high half per int64), BigInt64Array (int64), Uint8Array (bool, uint8), Uint16Array
// (float16 and bfloat16, as bits), Float64Array (float64).
// Throws a TypeError when the array's kind or length does not fit.
HostTensor HostTensorFrom(const std::vector<int64_t>& shape, TF_DataType type,
                          const Napi::Value& data);

// The same kinds, the other way; int64 comes as BigInt64Array. Copies.
Napi::Value ToJs(Napi::Env env, const TF_Tensor* tensor);

}  // namespace metalearn
