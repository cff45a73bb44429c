// Numbers and lists out of JavaScript values, or an exception that says what came instead.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace metalearn {

// `what` names the value in errors.
int64_t ToInteger(const Napi::Value& value, const char* what);
double ToNumber(const Napi::Value& value, const char* what);
bool ToBoolean(const Napi::Value& value, const char* what);
std::vector<int64_t> ToIntegers(const Napi::Value& value, const char* what);

// The bytes of a text (as UTF-8) or of a Uint8Array (as they are).
std::string ToBytes(const Napi::Value& value, const char* what);

Napi::Array RequireArray(const Napi::Value& value, const char* what);

}  // namespace metalearn
