#include "attributes.h"

#include "js_values.h"
#include "tensorflow/c/tf_attrtype.h"

namespace metalearn {
namespace {

template <typename T, typename Convert>
std::vector<T> ListOf(const Napi::Value& value, Convert convert) {
  const auto array = value.As<Napi::Array>();
  std::vector<T> list(array.Length());
  for (uint32_t i = 0; i < list.size(); ++i) list[i] = static_cast<T>(convert(array.Get(i)));
  return list;
}

void SetAttribute(const std::string& op_name, const Napi::Object& attribute, AttributeSink& sink) {
  const std::string name = ToBytes(attribute.Get("name"), "The name of an attribute");
  const int64_t type = ToInteger(attribute.Get("type"), "The type of an attribute");
  const Napi::Value value = attribute.Get("value");
  const bool is_list = value.IsArray();

  const std::string what = op_name + ": attribute \"" + name + "\"";
  const auto integer = [&](const Napi::Value& v) { return ToInteger(v, what.c_str()); };
  const auto number = [&](const Napi::Value& v) { return ToNumber(v, what.c_str()); };
  const auto boolean = [&](const Napi::Value& v) { return ToBoolean(v, what.c_str()); };

  switch (type) {
    case TF_ATTR_STRING: return sink.String(name, ToBytes(value, what.c_str()));
    case TF_ATTR_INT:
      if (is_list) return sink.Integers(name, ListOf<int64_t>(value, integer));
      return sink.Integer(name, integer(value));
    case TF_ATTR_FLOAT:
      if (is_list) return sink.Floats(name, ListOf<float>(value, number));
      return sink.Float(name, static_cast<float>(number(value)));
    case TF_ATTR_BOOL:
      if (is_list) return sink.Booleans(name, ListOf<unsigned char>(value, boolean));
      return sink.Boolean(name, boolean(value));
    case TF_ATTR_TYPE:
      if (is_list) return sink.Types(name, ListOf<TF_DataType>(value, integer));
      return sink.Type(name, static_cast<TF_DataType>(integer(value)));
    case TF_ATTR_SHAPE: return sink.Shape(name, ToIntegers(value, what.c_str()));
    default:
      throw Napi::TypeError::New(attribute.Env(),
                                 what + " is of the unknown kind " + std::to_string(type) + ".");
  }
}

}  // namespace

void SetAttributes(const std::string& op_name, const Napi::Array& attributes, AttributeSink& sink) {
  for (uint32_t i = 0, count = attributes.Length(); i < count; ++i) {
    SetAttribute(op_name, attributes.Get(i).As<Napi::Object>(), sink);
  }
}

}  // namespace metalearn
