#include "js_values.h"

namespace metalearn {
namespace {

const char* NameOf(const Napi::Value& value) {
  if (value.IsArray()) return "an array";
  if (value.IsTypedArray()) return "a typed array";
  switch (value.Type()) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_bigint: return "a bigint";
    case napi_function: return "a function";
    default: return "an object";
  }
}

[[noreturn]] void Refuse(const Napi::Value& value, const char* what, const char* wanted) {
  throw Napi::TypeError::New(
      value.Env(), std::string(what) + " must be " + wanted + ", but is " + NameOf(value) + ".");
}

}  // namespace

int64_t ToInteger(const Napi::Value& value, const char* what) {
  if (value.IsNumber()) return value.As<Napi::Number>().Int64Value();
  if (value.IsBigInt()) {
    bool lossless = false;
    const int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (lossless) return integer;
  }
  Refuse(value, what, "an integer");
}

double ToNumber(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) Refuse(value, what, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

bool ToBoolean(const Napi::Value& value, const char* what) {
  if (!value.IsBoolean()) Refuse(value, what, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

std::vector<int64_t> ToIntegers(const Napi::Value& value, const char* what) {
  const Napi::Array array = RequireArray(value, what);
  std::vector<int64_t> integers(array.Length());
  for (uint32_t i = 0; i < integers.size(); ++i) integers[i] = ToInteger(array.Get(i), what);
  return integers;
}

std::string ToBytes(const Napi::Value& value, const char* what) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    if (array.TypedArrayType() == napi_uint8_array) {
      const auto bytes = value.As<Napi::Uint8Array>();
      return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
    }
  }
  Refuse(value, what, "a string or a Uint8Array");
}

Napi::Array RequireArray(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) Refuse(value, what, "an array");
  return value.As<Napi::Array>();
}

}  // namespace metalearn
