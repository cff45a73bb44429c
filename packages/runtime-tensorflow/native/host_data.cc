#include "host_data.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "js_values.h"

namespace metalearn {
namespace {

HostTensor Allocate(const std::vector<int64_t>& shape, TF_DataType type, size_t bytes) {
  HostTensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), bytes));
  if (!tensor) throw std::bad_alloc();
  return tensor;
}

size_t ElementCount(Napi::Env env, const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (const int64_t dim : shape) {
    if (dim < 0) {
      throw Napi::TypeError::New(
          env, "A dimension must not be negative, but one is " + std::to_string(dim) + ".");
    }
    count *= static_cast<size_t>(dim);
  }
  return count;
}

// How the elements of a type lie in a typed array.
struct Layout {
  TF_DataType type;
  const char* type_name;
  napi_typedarray_type array;
  size_t items_per_element;
};

constexpr Layout kLayouts[] = {
    {TF_FLOAT, "float32", napi_float32_array, 1},
    {TF_DOUBLE, "float64", napi_float64_array, 1},
    {TF_HALF, "float16", napi_uint16_array, 1},
    {TF_BFLOAT16, "bfloat16", napi_uint16_array, 1},
    {TF_COMPLEX64, "complex64", napi_float32_array, 2},
    {TF_INT32, "int32", napi_int32_array, 1},
    {TF_INT64, "int64", napi_bigint64_array, 1},
    {TF_UINT8, "uint8", napi_uint8_array, 1},
    {TF_BOOL, "bool", napi_uint8_array, 1},
};

const Layout& LayoutOf(Napi::Env env, TF_DataType type) {
  for (const Layout& layout : kLayouts) {
    if (layout.type == type) return layout;
  }
  throw Napi::TypeError::New(
      env, "TensorFlow's data type number " + std::to_string(type) + " has no JavaScript value.");
}

const char* NameOf(napi_typedarray_type array) {
  switch (array) {
    case napi_int8_array: return "Int8Array";
    case napi_uint8_array: return "Uint8Array";
    case napi_uint8_clamped_array: return "Uint8ClampedArray";
    case napi_int16_array: return "Int16Array";
    case napi_uint16_array: return "Uint16Array";
    case napi_int32_array: return "Int32Array";
    case napi_uint32_array: return "Uint32Array";
    case napi_float32_array: return "Float32Array";
    case napi_float64_array: return "Float64Array";
    case napi_bigint64_array: return "BigInt64Array";
    case napi_biguint64_array: return "BigUint64Array";
    default: return "typed array of an unknown kind";
  }
}

bool Accepts(const Layout& layout, napi_typedarray_type came) {
  if (came == layout.array) return true;
  // Halves of int64, and canvas pixels: the same bytes under another name.
  return (layout.type == TF_INT64 && came == napi_int32_array) ||
         (layout.type == TF_UINT8 && came == napi_uint8_clamped_array);
}

// The elements of a string tensor before they are one. TensorFlow does not free the texts of a
// buffer that it did not fill itself, so the tensor gets a deallocator that does.
class Strings {
 public:
  explicit Strings(size_t count)
      : count_(count),
        data_(static_cast<TF_TString*>(::operator new(count * sizeof(TF_TString), kAlignment))) {
    for (size_t i = 0; i < count; ++i) TF_TString_Init(&data_[i]);
  }
  ~Strings() {
    if (data_ != nullptr) Free(data_, count_ * sizeof(TF_TString), nullptr);
  }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

  TF_TString* data() { return data_; }

  HostTensor IntoTensor(const std::vector<int64_t>& shape) {
    TF_TString* const data = std::exchange(data_, nullptr);  // freed by TF_NewTensor if it fails
    HostTensor tensor(TF_NewTensor(TF_STRING, shape.data(), static_cast<int>(shape.size()), data,
                                   count_ * sizeof(TF_TString), Free, nullptr));
    if (!tensor) throw std::bad_alloc();
    return tensor;
  }

 private:
  static constexpr std::align_val_t kAlignment{64};  // what TensorFlow aligns its own buffers to

  static void Free(void* buffer, size_t bytes, void*) {
    auto* const strings = static_cast<TF_TString*>(buffer);
    for (size_t i = 0; i < bytes / sizeof(TF_TString); ++i) TF_TString_Dealloc(&strings[i]);
    ::operator delete(buffer, kAlignment);
  }

  size_t count_;
  TF_TString* data_;
};

HostTensor StringTensorFrom(const std::vector<int64_t>& shape, size_t elements,
                            const Napi::Value& data) {
  const Napi::Array texts = RequireArray(data, "The data of a string tensor");
  if (texts.Length() != elements) {
    throw Napi::TypeError::New(data.Env(), "The shape needs " + std::to_string(elements) +
                                               " strings, but the data has " +
                                               std::to_string(texts.Length()) + ".");
  }
  Strings strings(elements);
  for (size_t i = 0; i < elements; ++i) {
    const std::string bytes = ToBytes(texts.Get(static_cast<uint32_t>(i)), "A string");
    TF_TString_Copy(&strings.data()[i], bytes.data(), bytes.size());
  }
  return strings.IntoTensor(shape);
}

Napi::Value StringsToJs(Napi::Env env, const TF_Tensor* tensor) {
  const auto* strings = static_cast<const TF_TString*>(TF_TensorData(tensor));
  const auto elements = static_cast<size_t>(TF_TensorElementCount(tensor));
  Napi::Array texts = Napi::Array::New(env, elements);
  for (size_t i = 0; i < elements; ++i) {
    const size_t size = TF_TString_GetSize(&strings[i]);
    Napi::Uint8Array bytes = Napi::Uint8Array::New(env, size);
    if (size > 0) std::memcpy(bytes.Data(), TF_TString_GetDataPointer(&strings[i]), size);
    texts.Set(static_cast<uint32_t>(i), bytes);
  }
  return texts;
}

}  // namespace

HostTensor NewHostTensor(const std::vector<int64_t>& shape, TF_DataType type) {
  size_t bytes = TF_DataTypeSize(type);
  for (const int64_t dim : shape) bytes *= static_cast<size_t>(dim);
  return Allocate(shape, type, bytes);
}

HostTensor HostTensorFrom(const std::vector<int64_t>& shape, TF_DataType type,
                          const Napi::Value& data) {
  const size_t elements = ElementCount(data.Env(), shape);
  if (type == TF_STRING) return StringTensorFrom(shape, elements, data);

  const Layout& layout = LayoutOf(data.Env(), type);
  if (!data.IsTypedArray()) {
    throw Napi::TypeError::New(data.Env(), std::string("The data of a ") + layout.type_name +
                                               " tensor must be a typed array.");
  }
  const auto array = data.As<Napi::TypedArray>();
  const size_t bytes = elements * TF_DataTypeSize(type);
  if (!Accepts(layout, array.TypedArrayType()) || array.ByteLength() != bytes) {
    throw Napi::TypeError::New(data.Env(), std::string("A ") + layout.type_name + " tensor of " +
                                               std::to_string(elements) + " elements needs a " +
                                               NameOf(layout.array) + " of " +
                                               std::to_string(bytes) + " bytes, but was given a " +
                                               NameOf(array.TypedArrayType()) + " of " +
                                               std::to_string(array.ByteLength()) + ".");
  }
  HostTensor tensor = Allocate(shape, type, bytes);
  if (bytes > 0) {
    const auto* start = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    std::memcpy(TF_TensorData(tensor.get()), start, bytes);
  }
  return tensor;
}

Napi::Value ToJs(Napi::Env env, const TF_Tensor* tensor) {
  const TF_DataType type = TF_TensorType(tensor);
  if (type == TF_STRING) return StringsToJs(env, tensor);

  const Layout& layout = LayoutOf(env, type);
  const size_t bytes = TF_TensorByteSize(tensor);
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), TF_TensorData(tensor), bytes);
  const auto items = static_cast<size_t>(TF_TensorElementCount(tensor)) * layout.items_per_element;
  napi_value array;
  const napi_status status = napi_create_typedarray(env, layout.array, items, buffer, 0, &array);
  NAPI_THROW_IF_FAILED(env, status, Napi::Value());
  return Napi::Value(env, array);
}

}  // namespace metalearn
