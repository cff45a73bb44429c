// Programs over the elements of tensors, run block by block: everything that a block goes through
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

// One operation. Where numbers are singles, operands are their places. In a lane an operand is a
// place among the lane's blocks, its inputs first, or -1 - s for the single number s; the target is
// a block that is no input. Operands that an operation does not have repeat the one before.
struct Instruction {
  Code code;
  int32_t target;
  int32_t left;
  int32_t right;
  int32_t third;
};

// What tensors of one size go through together.
struct Lane {
  int64_t size;              // elements of each of its tensors
  int32_t input_count;
  int32_t block_count;       // inputs included
  std::vector<Instruction> instructions;
  std::vector<int32_t> stores;  // the blocks that become its outputs
  struct Sum {
    int32_t block;
    int32_t single;  // where the sum over all elements goes
  };
  std::vector<Sum> sums;
};

// Whose memory an output had best take over.
struct Reuse {
  size_t output;
  std::vector<size_t> inputs;  // all inputs, the best first
};

// For each output, in the order in which memory should be chosen: an input that is not read after
// the output is made saves a copy of every block.
std::vector<Reuse> ReusesOf(const Lane& lane);

// Runs `lane` on up to `threads` threads. Results do not depend on their number. An output may be
// one of the inputs: a block is read as a whole before it is written.
void RunLane(const Lane& lane, const std::vector<const float*>& inputs,
             const std::vector<float*>& outputs, std::vector<float>& singles, int threads);

// Runs `instructions` on single numbers.
void RunSingles(const std::vector<Instruction>& instructions, std::vector<float>& singles);

}  // namespace metalearn
