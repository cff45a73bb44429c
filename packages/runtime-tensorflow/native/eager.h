// Tensors and operations of the eager engine, as TensorFlow.js's Node.js backend calls them.
#pragma once

#include <napi.h>

#include <vector>

#include "engine.h"

namespace metalearn {

// Hands tensors to the table: [{ id, shape, dtype }].
Napi::Array DescribeTensors(Napi::Env env, TensorTable& tensors, std::vector<TensorHandle> handles,
                            TensorTable::Memory memory);

// createTensor(shape, type, data): the number of a new tensor on the engine's device.
Napi::Value CreateTensor(Engine& engine, const Napi::CallbackInfo& info);

// deleteTensor(id)
Napi::Value DeleteTensor(Engine& engine, const Napi::CallbackInfo& info);

// tensorDataSync(id): a copy of the values, as host_data.h describes them.
Napi::Value TensorDataSync(Engine& engine, const Napi::CallbackInfo& info);

// tensorDevice(id): the device whose memory holds the values, "/job:localhost/…/device:GPU:0".
Napi::Value TensorDevice(Engine& engine, const Napi::CallbackInfo& info);

// executeOp(name, attributes, inputIds, outputCount): [{ id, shape, dtype }] for each output.
Napi::Value ExecuteOp(Engine& engine, const Napi::CallbackInfo& info);

}  // namespace metalearn
