// Programs of elementwise.h as JavaScript describes and calls them.
#pragma once

#include <napi.h>

#include "engine.h"

namespace metalearn {

// createElementwise(description): a program, for runElementwise. src/binding/elementwiseProgram.ts
// describes the description.
Napi::Value CreateElementwise(Engine& engine, const Napi::CallbackInfo& info);

// runElementwise(program, inputIds, taken): [{ id, shape, dtype }] for each output. The input i is
// deleted where taken[i] is true, and its memory serves for an output if nobody else uses it.
Napi::Value RunElementwise(Engine& engine, const Napi::CallbackInfo& info);

}  // namespace metalearn
