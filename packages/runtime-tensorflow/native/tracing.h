// The building of a graph and its registration as a function of the eager engine. One graph can be
// open at a time; its outputs are known by number.
#pragma once

#include <napi.h>

#include "engine.h"

namespace metalearn {

// openGraph()
Napi::Value OpenGraph(Engine& engine, const Napi::CallbackInfo& info);

// closeGraph(): frees the graph; functions that were made of it stay.
Napi::Value CloseGraph(Engine& engine, const Napi::CallbackInfo& info);

// operationDefinition(name): the serialized tensorflow.OpDef.
Napi::Value OperationDefinition(Engine& engine, const Napi::CallbackInfo& info);

// addPlaceholder(shape, type): { id, shape, dtype }, an input of the function.
Napi::Value AddPlaceholder(Engine& engine, const Napi::CallbackInfo& info);

// addConstant(shape, type, data): { id, shape, dtype }
Napi::Value AddConstant(Engine& engine, const Napi::CallbackInfo& info);

// addOperation(name, attributes, inputs, outputCount): [{ id, shape, dtype }] for each output. An
// input is a number, or a list of numbers where the operation takes a list. A dimension that
// TensorFlow cannot tell is -1, a rank that it cannot tell is the shape [-1].
Napi::Value AddOperation(Engine& engine, const Napi::CallbackInfo& info);

// constantValue(id): the values of an output that depends on constants only, else undefined.
Napi::Value ConstantValue(Engine& engine, const Napi::CallbackInfo& info);

// addFunction(name, inputIds, outputIds, bodyIds): makes an operation `name` of those operations of
// the open graph that the outputs `bodyIds` belong to. An input must not be an output, too, and no
// output may be there twice.
Napi::Value AddFunction(Engine& engine, const Napi::CallbackInfo& info);

// removeFunction(name)
Napi::Value RemoveFunction(Engine& engine, const Napi::CallbackInfo& info);

}  // namespace metalearn
