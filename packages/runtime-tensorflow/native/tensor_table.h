// The tensors that JavaScript holds, by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "handles.h"

namespace metalearn {

class TensorTable {
 public:
  // Whether a tensor's memory is known to be no part of another's.
  enum class Memory { kWhole, kPerhapsShared };

  // Takes ownership; the number is never used again, so a stale one cannot name another tensor.
  int64_t Add(TensorHandle handle, Memory memory);

  // Still owned by the table. Throws std::runtime_error when the tensor was deleted.
  TFE_TensorHandle* Get(int64_t id) const { return Find(id)->second.handle.get(); }

  // Whether the tensor has its memory from us. Operations may return a part of an input's memory,
  // as a slice is, without the input knowing. Throws std::runtime_error when it was deleted.
  bool IsWhole(int64_t id) const { return Find(id)->second.memory == Memory::kWhole; }

  // Throws std::runtime_error when the tensor was deleted before.
  void Delete(int64_t id);

  void Clear();

  size_t count() const { return entries_.size(); }

  // By shape and element type: tensors that share a buffer, as after a reshape, are each counted,
  // and a string counts as its fixed-size header.
  int64_t bytes() const { return bytes_; }

 private:
  struct Entry {
    TensorHandle handle;
    int64_t bytes;
    Memory memory;
  };
  using Entries = std::unordered_map<int64_t, Entry>;

  Entries::const_iterator Find(int64_t id) const;

  Entries entries_;
  int64_t next_id_ = 0;  // 64 bits: a long run creates more than 2^31 tensors
  int64_t bytes_ = 0;
};

}  // namespace metalearn
