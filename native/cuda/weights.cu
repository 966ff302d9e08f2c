// Work on the weights of all convolutions of a network, one launch a kind: copies as convolutions take them, and the
// end of their gradients. The host's WeightCopy and WeightGradient have the fields of the tables.
#include "gathered.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

constexpr long long kWeightPart = 8192;  // elements of a tensor that one block owns

struct WeightCopy {
  const float *weights, *scale;  // scale null: 1
  void *copy;
  long long count, is_narrow;  // is_narrow: the copy is bfloat16, else float32
  long long first[1];
};

struct WeightGradient {
  const void *raw;
  const float *weights, *factor;  // factor null: 1
  float *gradient;
  double *dot;                 // null: not wanted
  long long count, is_narrow;  // is_narrow: raw is bfloat16, else float32
  long long first[1];
};

template <typename T>
__device__ void copy_weight_part(const WeightCopy &entry, long long begin, long long n) {
  const float *weights = entry.weights + begin;
  T *copy = static_cast<T *>(entry.copy) + begin;
  const float scale = entry.scale == nullptr ? 1.0f : *entry.scale;
  for_each_pack<pack_width<T>>(n, threadIdx.x, blockDim.x, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(weights + i);
    for (int k = 0; k < w; ++k) values.at[k] *= scale;
    store(values, copy + i);
  });
}

// Adds the part to the gradient, and returns this thread's share of its dot.
template <typename T>
__device__ double add_weight_part(const WeightGradient &entry, long long begin, long long n) {
  const T *raw = static_cast<const T *>(entry.raw) + begin;
  const float *weights = entry.weights + begin;
  float *gradient = entry.gradient + begin;
  const float factor = entry.factor == nullptr ? 1.0f : *entry.factor;
  const bool has_dot = entry.dot != nullptr;
  double dot = 0;
  for_each_pack<pack_width<T>>(n, threadIdx.x, blockDim.x, [&](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    const Floats<w> term = load<w>(raw + i);
    Floats<w> sum = load<w>(gradient + i);
    for (int k = 0; k < w; ++k) sum.at[k] += factor * term.at[k];
    store(sum, gradient + i);
    if (!has_dot) return;
    const Floats<w> values = load<w>(weights + i);
    for (int k = 0; k < w; ++k) dot += static_cast<double>(term.at[k]) * static_cast<double>(values.at[k]);
  });
  return dot;
}

}  // namespace
}  // namespace revup

using namespace revup;

// copy = scale * weights of each entry, float32 or rounded to bfloat16: what convolutions are computed with.
// Geometry: RowPerBlock; a block owns 8192 elements of one tensor, 8 or 4 per thread and step.
// Bytes per element: 4 read, 2 written where the copy is bfloat16, else 4. Accumulator: none. Deterministic.
// Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    copy_weights(long long entries, const WeightCopy *table, long long parts) {
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const WeightCopy &entry = entry_of(table, entries, 0, part);
    const long long begin = part * kWeightPart, rest = entry.count - begin, n = rest < kWeightPart ? rest : kWeightPart;
    if (entry.is_narrow) {
      copy_weight_part<bf16>(entry, begin, n);
    } else {
      copy_weight_part<float>(entry, begin, n);
    }
  }
}
KERNEL_EXPORT(copy_weights)

// gradient += factor * raw of each entry. The dot of raw and the weights, part by part, goes to partials, by the part's
// place in the whole table.
// Geometry: RowPerBlock; a block owns 8192 elements of one tensor, 8 or 4 per thread and step.
// Bytes per element: 10 read where raw is bfloat16 and a dot is wanted, else up to 12; 4 written.
// Accumulator: double for the dot. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    end_weights(long long entries, const WeightGradient *table, long long parts, double *partials) {
  for (long long block = blockIdx.x; block < parts; block += gridDim.x) {
    long long part = block;
    const WeightGradient &entry = entry_of(table, entries, 0, part);
    const long long begin = part * kWeightPart, rest = entry.count - begin, n = rest < kWeightPart ? rest : kWeightPart;
    double dots[1] = {entry.is_narrow ? add_weight_part<bf16>(entry, begin, n)
                                      : add_weight_part<float>(entry, begin, n)};
    block_sum(dots);
    if (threadIdx.x == 0) partials[entry.first[0] + part] = dots[0];
  }
}
KERNEL_EXPORT(end_weights)

// dot of each entry, from the partial dots of its parts.
// Geometry: RowPerBlock; a block owns one entry. Bytes: 8 per part. Accumulator: double. Deterministic.
// Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    end_weight_dots(long long entries, const WeightGradient *table, const double *partials) {
  for (long long i = blockIdx.x; i < entries; i += gridDim.x) {
    const WeightGradient &entry = table[i];
    if (entry.dot == nullptr) continue;
    double sums[1] = {};
    for (long long part = threadIdx.x; part * kWeightPart < entry.count; part += blockDim.x) {
      sums[0] += partials[entry.first[0] + part];
    }
    block_sum(sums);
    if (threadIdx.x == 0) *entry.dot = sums[0];
  }
}
KERNEL_EXPORT(end_weight_dots)
