#include "elementwise.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>
#include <thread>
#include <utility>

// The loops are compiled for several generations of processors, of which the loader picks one. All
// compute the same: each operation rounds by itself, whatever the width of a vector.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && \
    (!defined(__clang__) || __clang_major__ >= 14)
#define METALEARN_FOR_EACH_PROCESSOR \
  __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define METALEARN_FOR_EACH_PROCESSOR
#endif

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace metalearn {
namespace {

// Elements of a tile: dozens of tiles fit into the first cache.
constexpr int64_t kTile = 256;
// Elements that one thread takes at a time; sums are rounded at its ends.
constexpr int64_t kChunk = 128 * kTile;
// Elements of an output from which on it does not stay in the caches, and is written past them.
constexpr int64_t kStreamed = 1 << 20;
// Elements of a cache line.
constexpr int64_t kCacheLine = 16;
// Partial sums within a tile.
constexpr int kAccumulators = 16;

// An operand for one tile: a vector, or one number for all elements.
struct Operand {
  const float* values;
  bool is_scalar;
};

template <typename F>
[[gnu::always_inline]] inline void Unary(F f, float* target, const float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) target[i] = f(x[i]);
}

template <typename F>
[[gnu::always_inline]] inline void Binary(F f, float* target, Operand left, Operand right,
                                          int64_t count) {
  const float* const a = left.values;
  const float* const b = right.values;
  if (left.is_scalar) {
    const float x = *a;
    for (int64_t i = 0; i < count; ++i) target[i] = f(x, b[i]);
  } else if (right.is_scalar) {
    const float y = *b;
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], y);
  } else {
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], b[i]);
  }
}

template <typename F>
[[gnu::always_inline]] inline void Ternary(F f, float* target, Operand left, Operand right,
                                           Operand third, int64_t count) {
  const float* const a = left.values;
  const float* const b = right.values;
  const float* const c = third.values;
  const float x = *a;
  const float y = *b;
  const float z = *c;
  if (left.is_scalar) {  // rare: a product's first factor is a vector
    for (int64_t i = 0; i < count; ++i) {
      target[i] = f(x, right.is_scalar ? y : b[i], third.is_scalar ? z : c[i]);
    }
  } else if (right.is_scalar && third.is_scalar) {
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], y, z);
  } else if (right.is_scalar) {
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], y, c[i]);
  } else if (third.is_scalar) {
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], b[i], z);
  } else {
    for (int64_t i = 0; i < count; ++i) target[i] = f(a[i], b[i], c[i]);
  }
}

// `target` may alias an operand exactly, but must not overlap one partially.
METALEARN_FOR_EACH_PROCESSOR
void Execute(Code code, float* target, Operand left, Operand right, Operand third, int64_t count) {
  const auto number = [](bool holds) { return holds ? 1.0f : 0.0f; };
  // A scalar as the only operand is one element's work: the caller spreads it.
  const float* const x = left.values;
  switch (code) {
    case Code::kAdd:
      return Binary([](float a, float b) { return a + b; }, target, left, right, count);
    case Code::kSub:
      return Binary([](float a, float b) { return a - b; }, target, left, right, count);
    case Code::kMul:
      return Binary([](float a, float b) { return a * b; }, target, left, right, count);
    case Code::kDiv:
      return Binary([](float a, float b) { return a / b; }, target, left, right, count);
    case Code::kDivNoNan:
      return Binary([](float a, float b) { return b == 0 ? 0.0f : a / b; }, target, left, right,
                    count);
    case Code::kMinimum:
      return Binary([](float a, float b) { return a < b || a != a ? a : b; }, target, left, right,
                    count);
    case Code::kMaximum:
      return Binary([](float a, float b) { return a > b || a != a ? a : b; }, target, left, right,
                    count);
    case Code::kLess:
      return Binary([=](float a, float b) { return number(a < b); }, target, left, right, count);
    case Code::kLessEqual:
      return Binary([=](float a, float b) { return number(a <= b); }, target, left, right, count);
    case Code::kGreater:
      return Binary([=](float a, float b) { return number(a > b); }, target, left, right, count);
    case Code::kGreaterEqual:
      return Binary([=](float a, float b) { return number(a >= b); }, target, left, right, count);
    case Code::kEqual:
      return Binary([=](float a, float b) { return number(a == b); }, target, left, right, count);
    case Code::kNotEqual:
      return Binary([=](float a, float b) { return number(a != b); }, target, left, right, count);
    case Code::kSquare: return Unary([](float a) { return a * a; }, target, x, count);
    case Code::kSqrt: return Unary([](float a) { return std::sqrt(a); }, target, x, count);
    case Code::kRsqrt: return Unary([](float a) { return 1.0f / std::sqrt(a); }, target, x, count);
    case Code::kNeg: return Unary([](float a) { return -a; }, target, x, count);
    case Code::kAbs: return Unary([](float a) { return std::fabs(a); }, target, x, count);
    case Code::kSign:
      return Unary([](float a) { return a > 0 ? 1.0f : a < 0 ? -1.0f : a; }, target, x, count);
    case Code::kReciprocal: return Unary([](float a) { return 1.0f / a; }, target, x, count);
    case Code::kCopy: return Unary([](float a) { return a; }, target, x, count);
    case Code::kMulAdd:
      return Ternary([](float a, float b, float c) { return a * b + c; }, target, left, right,
                     third, count);
    case Code::kSelect:
      return Ternary([](float a, float b, float c) { return a != 0 ? b : c; }, target, left, right,
                     third, count);
  }
}

METALEARN_FOR_EACH_PROCESSOR
float SumOf(const float* values, int64_t count) {
  float partial[kAccumulators] = {};
  int64_t i = 0;
  for (; i + kAccumulators <= count; i += kAccumulators) {
    for (int k = 0; k < kAccumulators; ++k) partial[k] += values[i + k];
  }
  for (int k = 0; i < count; ++i, ++k) partial[k] += values[i];
  float sum = 0;
  for (const float part : partial) sum += part;
  return sum;
}

// Copies past the caches, so that the memory written to is not read first. `Fence` comes after it.
void Stream(float* target, const float* values, int64_t count) {
#if defined(__SSE2__)
  if (count == kTile && reinterpret_cast<uintptr_t>(target) % 16 == 0) {
    for (int64_t i = 0; i < count; i += 4) _mm_stream_ps(target + i, _mm_loadu_ps(values + i));
    return;
  }
#endif
  std::memcpy(target, values, static_cast<size_t>(count) * sizeof(float));
}

// Makes what was streamed visible to other threads.
void Fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

bool Reads(const Instruction& step, int32_t source) {
  return step.left == source || step.right == source || step.third == source;
}

// The registers of one thread.
class Worker {
 public:
  Worker(const Kernel& kernel, const std::vector<const float*>& inputs,
         const std::vector<float*>& outputs, const std::vector<float>& scalars)
      : kernel_(kernel),
        inputs_(inputs),
        outputs_(outputs),
        scalars_(scalars),
        storage_(static_cast<size_t>(kernel.register_count - kernel.input_count) * kTile),
        registers_(static_cast<size_t>(kernel.register_count)),
        written_by_(WrittenBy(kernel, inputs, outputs)) {}

  // Adds to `sums`, which has an entry for each sum of the kernel.
  void Run(int64_t begin, int64_t end, double* sums) {
    for (int64_t at = begin; at < end; at += kTile) RunTile(at, std::min(kTile, end - at), sums);
    Fence();
  }

 private:
  // For each instruction the output that it can write at once, -1 where there is none: the last
  // instruction that makes an output's register, unless a later one reads the input whose memory
  // that output has taken over.
  static std::vector<int32_t> WrittenBy(const Kernel& kernel,
                                        const std::vector<const float*>& inputs,
                                        const std::vector<float*>& outputs) {
    const auto& instructions = kernel.instructions;
    std::vector<int32_t> written_by(instructions.size(), -1);
    for (size_t output = 0; output < outputs.size(); ++output) {
      const auto same = std::find(inputs.begin(), inputs.end(), outputs[output]);
      if (same == inputs.end() && kernel.size >= kStreamed) continue;
      const auto replaced = same == inputs.end() ? kernel.register_count  // which is no register
                                                 : static_cast<int32_t>(same - inputs.begin());
      bool is_free = std::none_of(kernel.sums.begin(), kernel.sums.end(),
                                  [&](const Kernel::Sum& sum) { return sum.source == replaced; });
      for (size_t i = instructions.size(); i-- > 0 && is_free;) {
        const Instruction& step = instructions[i];
        if (step.target == kernel.stores[output]) {
          if (written_by[i] == -1) written_by[i] = static_cast<int32_t>(output);
          break;
        }
        is_free = !Reads(step, replaced);
      }
    }
    return written_by;
  }

  void RunTile(int64_t at, int64_t count, double* sums) {
    const auto input_count = static_cast<size_t>(kernel_.input_count);
    for (size_t i = 0; i < input_count; ++i) registers_[i] = inputs_[i] + at;
    for (size_t i = 0; i < kernel_.instructions.size(); ++i) {
      const Instruction& step = kernel_.instructions[i];
      const auto made = static_cast<size_t>(step.target);
      float* const target = written_by_[i] == -1
                                ? &storage_[(made - input_count) * kTile]
                                : outputs_[static_cast<size_t>(written_by_[i])] + at;
      const Operand left = At(step.left);
      if (step.code == Code::kCopy && left.is_scalar) {
        std::fill_n(target, count, *left.values);
      } else {
        Execute(step.code, target, left, At(step.right), At(step.third), count);
      }
      registers_[made] = target;
    }
    for (size_t i = 0; i < kernel_.sums.size(); ++i) {
      sums[i] += SumOf(registers_[static_cast<size_t>(kernel_.sums[i].source)], count);
    }
    for (size_t i = 0; i < kernel_.stores.size(); ++i) {
      const float* const values = registers_[static_cast<size_t>(kernel_.stores[i])];
      float* const output = outputs_[i] + at;
      if (values == output) continue;
      if (kernel_.size >= kStreamed) {
        Stream(output, values, count);
      } else {
        std::memcpy(output, values, static_cast<size_t>(count) * sizeof(float));
      }
    }
  }

  Operand At(int32_t operand) const {
    if (operand < 0) return {&scalars_[static_cast<size_t>(-1 - operand)], true};
    return {registers_[static_cast<size_t>(operand)], false};
  }

  const Kernel& kernel_;
  const std::vector<const float*>& inputs_;
  const std::vector<float*>& outputs_;
  const std::vector<float>& scalars_;
  std::vector<float> storage_;           // memory of the registers that are no inputs
  std::vector<const float*> registers_;  // the tile that each register holds
  const std::vector<int32_t> written_by_;
};

}  // namespace

std::vector<Reuse> ReusesOf(const Kernel& kernel) {
  const auto count = static_cast<int64_t>(kernel.instructions.size());
  const auto last = [&](const auto& holds) {
    int64_t i = count;
    while (i > 0 && !holds(kernel.instructions[static_cast<size_t>(i - 1)])) --i;
    return i;
  };
  std::vector<int64_t> last_read;
  for (int32_t input = 0; input < kernel.input_count; ++input) {
    const bool is_summed = std::any_of(kernel.sums.begin(), kernel.sums.end(),
                                       [&](const Kernel::Sum& sum) { return sum.source == input; });
    last_read.push_back(
        is_summed ? count + 1 : last([&](const Instruction& step) { return Reads(step, input); }));
  }
  std::vector<std::pair<int64_t, Reuse>> reuses;
  for (size_t output = 0; output < kernel.stores.size(); ++output) {
    const int64_t made =
        last([&](const Instruction& step) { return step.target == kernel.stores[output]; });
    std::vector<size_t> inputs(last_read.size());
    std::iota(inputs.begin(), inputs.end(), size_t{0});
    // Of those that are no longer needed the one that was needed longest, which leaves the others
    // to earlier outputs.
    const auto rank = [&](size_t input) {
      return last_read[input] <= made ? made - last_read[input] : count + last_read[input];
    };
    std::stable_sort(inputs.begin(), inputs.end(),
                     [&](size_t a, size_t b) { return rank(a) < rank(b); });
    reuses.push_back({made, {output, std::move(inputs)}});
  }
  std::stable_sort(reuses.begin(), reuses.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Reuse> ordered;
  for (auto& [made, reuse] : reuses) ordered.push_back(std::move(reuse));
  return ordered;
}

void RunKernel(const Kernel& kernel, const std::vector<const float*>& inputs,
               const std::vector<float*>& outputs, std::vector<float>& scalars, int threads) {
  const int64_t chunks = (kernel.size + kChunk - 1) / kChunk;
  const size_t sum_count = kernel.sums.size();
  std::vector<double> sums(sum_count * static_cast<size_t>(chunks));
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    Worker worker(kernel, inputs, outputs, scalars);
    for (int64_t chunk = next++; chunk < chunks; chunk = next++) {
      worker.Run(chunk * kChunk, std::min(kernel.size, (chunk + 1) * kChunk),
                 sums.data() + static_cast<size_t>(chunk) * sum_count);
    }
  };
  std::vector<std::thread> others;
  for (int64_t i = 1; i < std::min<int64_t>(threads, chunks); ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();

  for (size_t i = 0; i < sum_count; ++i) {
    double total = 0;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      total += sums[static_cast<size_t>(chunk) * sum_count + i];
    }
    scalars[static_cast<size_t>(kernel.sums[i].slot)] = static_cast<float>(total);
  }
}

void RunScalars(const std::vector<Instruction>& instructions, std::vector<float>& scalars) {
  const auto at = [&](int32_t slot) { return Operand{&scalars[static_cast<size_t>(slot)], false}; };
  for (const Instruction& step : instructions) {
    Execute(step.code, &scalars[static_cast<size_t>(step.target)], at(step.left), at(step.right),
            at(step.third), 1);
  }
}

}  // namespace metalearn
