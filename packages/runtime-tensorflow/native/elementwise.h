// Programs over the elements of tensors, run tile by tile: everything that a tile goes through
// happens while it is in the cache, so that a whole update of AdamW reads and writes memory once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace metalearn {

// src/compile/elementwise/instructions.ts has the same numbers.
enum class Code : int32_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kDivNoNan,  // 0 where the divisor is 0
  kMinimum,   // NaN where either is
  kMaximum,
  kLess,  // 1 or 0, as all comparisons
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kSquare,
  kSqrt,
  kRsqrt,
  kNeg,
  kAbs,
  kSign,
  kReciprocal,
  kCopy,
  kMulAdd,  // left * right + third, rounded twice
  kSelect,  // right where left is not 0, elsewhere third
};
constexpr int32_t kCodeCount = static_cast<int32_t>(Code::kSelect) + 1;

// One operation. Among scalars, target and operands are slots. In a kernel they are registers, of
// which the first hold its inputs and are no targets; an operand -1 - s is the scalar in slot s.
// Operands that an operation does not have repeat the one before.
struct Instruction {
  Code code;
  int32_t target;
  int32_t left;
  int32_t right;
  int32_t third;
};

// Instructions that tensors of one size go through together. A register holds one tile of a tensor.
struct Kernel {
  int64_t size;  // elements of each of its tensors
  int32_t input_count;
  int32_t register_count;  // inputs included
  std::vector<Instruction> instructions;
  std::vector<int32_t> stores;  // the registers that become its outputs
  struct Sum {
    int32_t source;  // the register that is added up over all elements
    int32_t slot;    // of the scalar that the sum is
  };
  std::vector<Sum> sums;
};

// Whose memory an output had best take over.
struct Reuse {
  size_t output;
  std::vector<size_t> inputs;  // all inputs, the best first
};

// For each output, in the order in which memory should be chosen: an input that is not read after
// the output is made saves a copy of every tile.
std::vector<Reuse> ReusesOf(const Kernel& kernel);

// Runs `kernel` on up to `threads` threads. Results do not depend on their number. An output may be
// one of the inputs: a tile is read as a whole before it is written.
void RunKernel(const Kernel& kernel, const std::vector<const float*>& inputs,
               const std::vector<float*>& outputs, std::vector<float>& scalars, int threads);

// Runs `instructions` on scalars.
void RunScalars(const std::vector<Instruction>& instructions, std::vector<float>& scalars);

}  // namespace metalearn
