#include "tensor_table.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "status.h"

namespace metalearn {

int64_t TensorTable::Add(TensorHandle handle, Memory memory) {
  Status status;
  const int64_t elements = TFE_TensorHandleNumElements(handle.get(), status);
  status.Check("TFE_TensorHandleNumElements");
  const TF_DataType type = TFE_TensorHandleDataType(handle.get());
  const int64_t bytes = elements * static_cast<int64_t>(TF_DataTypeSize(type));
  entries_.emplace(next_id_, Entry{std::move(handle), bytes, memory});
  bytes_ += bytes;
  return next_id_++;
}

void TensorTable::Delete(int64_t id) {
  const auto entry = Find(id);
  bytes_ -= entry->second.bytes;
  entries_.erase(entry);
}

void TensorTable::Clear() {
  entries_.clear();
  bytes_ = 0;
}

TensorTable::Entries::const_iterator TensorTable::Find(int64_t id) const {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) {
    throw std::runtime_error("Tensor " + std::to_string(id) +
                             " is not alive: it was disposed, or its engine was.");
  }
  return entry;
}

}  // namespace metalearn
