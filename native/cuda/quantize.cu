// A stream kept as quantised differences, closed loop; see native/cpu/quantize.cpp for the grid that makes it exact.
// x, y, z, decoded [N, positions, C]; codes rows of ceil(C * bits / 8) bytes, an element's code offset to be unsigned,
// the first of two in the low half of its byte; ranges and steps [N, C].
#include "vector.cuh"

namespace revup {
namespace {

constexpr float kGrid = 1.0f / 65536;

template <int bits>
constexpr int kLevels = (1 << (bits - 1)) - 1;
template <int bits>
constexpr int kOffset = 1 << (bits - 1);

// The smallest bfloat16 multiple of the grid, at least one, whose levels reach `range`. The multiple is an integer, and
// rounding it up to 8 bits of significand leaves it one.
__device__ inline float step_of(float range, float levels) {
  const float multiple = ceilf(range / (levels * kGrid));
  return fmaxf(__uint_as_float((__float_as_uint(multiple) + 0xffffu) & 0xffff0000u), 1.0f) * kGrid;
}

// A block takes `size` positions of one sample, a warp every eighth of them for 32 neighbouring channels.
template <typename Z>
__device__ void add_and_measure(long long batch, long long positions, long long channels, long long size,
                                const float *x, const Z *z, const float *s, float *y, const float *decoded,
                                unsigned *ranges) {
  constexpr int warps = kThreads / kWarp;
  __shared__ float of_warp[warps][kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const long long parts = (positions + size - 1) / size;
  const float scale = *s;
  for (long long item = blockIdx.x; item < batch * parts; item += gridDim.x) {
    const long long n = item / parts, begin = item % parts * size;
    const long long end = begin + size < positions ? begin + size : positions;
    for (long long first = 0; first < channels; first += kWarp) {
      const long long c = first + lane;
      float range = 0;
      for (long long p = begin + warp; c < channels && p < end; p += warps) {
        const long long i = (n * positions + p) * channels + c;
        const float sum = x[i] + scale * to_float(z[i]);
        range = fmaxf(range, fabsf(sum - decoded[i]));
        y[i] = sum;
      }
      of_warp[warp][lane] = range;
      __syncthreads();
      if (warp == 0 && c < channels) {
        for (int other = 1; other < warps; ++other) range = fmaxf(range, of_warp[other][lane]);
        // Numbers that are not negative have the order of their bits.
        atomicMax(ranges + n * channels + c, __float_as_uint(range));
      }
      __syncthreads();
    }
  }
}

// Calls body(Width<w>, row, c, byte) for runs of w channels, c the first of them and byte where its code is: runs of 8
// where rows are whole runs, else of 2, of which a row's last may have but one.
template <int bits, typename Body>
__device__ inline void for_each_run(long long rows, long long channels, Body body) {
  const auto visit = [=](auto width) {
    constexpr int w = decltype(width)::value;
    const long long runs = (channels + w - 1) / w, row_bytes = (channels * bits + 7) / 8;
    for_each_index(rows * runs, [=](auto index) {
      using Index = decltype(index);
      const Index row = index / static_cast<Index>(runs), run = index % static_cast<Index>(runs);
      body(width, static_cast<long long>(row), static_cast<long long>(run) * w,
           static_cast<long long>(row) * row_bytes + static_cast<long long>(run) * (w * bits / 8));
    });
  };
  if (channels % 8 == 0) {
    visit(Width<8>{});
  } else {
    visit(Width<2>{});
  }
}

// A run of a row: all of 8, or the first `count` of 2. Every index is a constant, which keeps the run in registers.
template <int w, typename T>
__device__ inline Floats<w> load_run(const T *from, int count) {
  if constexpr (w == 8) {
    return load<w>(from);
  } else {
    Floats<w> values = {};
    for (int k = 0; k < w; ++k) {
      if (k < count) values.at[k] = to_float(from[k]);
    }
    return values;
  }
}

template <int w>
__device__ inline void store_run(const Floats<w> &values, int count, float *to) {
  if constexpr (w == 8) {
    store(values, to);
  } else {
    for (int k = 0; k < w; ++k) {
      if (k < count) to[k] = values.at[k];
    }
  }
}

// The codes of a run as one number, the first in the lowest bits, in as many bytes as its elements need.
template <int w, int bits>
__device__ inline unsigned long long load_codes(const unsigned char *from, int count) {
  if constexpr (w == 8 && bits == 8) {
    return *reinterpret_cast<const unsigned long long *>(from);
  } else if constexpr (w == 8) {
    return *reinterpret_cast<const unsigned *>(from);
  } else {
    unsigned long long codes = 0;
    for (int k = 0; k < (count * bits + 7) / 8; ++k) codes |= static_cast<unsigned long long>(from[k]) << (8 * k);
    return codes;
  }
}

template <int w, int bits>
__device__ inline void store_codes(unsigned long long codes, int count, unsigned char *to) {
  if constexpr (w == 8 && bits == 8) {
    *reinterpret_cast<unsigned long long *>(to) = codes;
  } else if constexpr (w == 8) {
    *reinterpret_cast<unsigned *>(to) = static_cast<unsigned>(codes);
  } else {
    for (int k = 0; k < (count * bits + 7) / 8; ++k) to[k] = static_cast<unsigned char>(codes >> (8 * k));
  }
}

template <int bits>
__device__ void encode(long long batch, long long positions, long long channels, const float *y, const float *ranges,
                       float *decoded, unsigned char *codes, bf16 *steps) {
  for_each_run<bits>(batch * positions, channels, [=](auto width, long long row, long long first, long long byte) {
    constexpr int w = decltype(width)::value;
    constexpr float levels = kLevels<bits>;
    const int count = static_cast<int>(channels - first < w ? channels - first : w);
    const long long i = row * channels + first, channel = row / positions * channels + first;
    const Floats<w> values = load_run<w>(y + i, count), run_ranges = load_run<w>(ranges + channel, count);
    Floats<w> known = load_run<w>(decoded + i, count);
    unsigned long long packed = 0;
    for (int k = 0; k < w; ++k) {
      const float step = step_of(run_ranges.at[k], levels);
      const float code = rintf(fminf(fmaxf((values.at[k] - known.at[k]) * (1 / step), -levels), levels));
      known.at[k] += code * step;
      packed |= static_cast<unsigned long long>(static_cast<int>(code) + kOffset<bits>) << (k * bits);
      if (row % positions == 0 && k < count) steps[channel + k] = __float2bfloat16(step);
    }
    store_run(known, count, decoded + i);
    store_codes<w, bits>(packed, count, codes + byte);
  });
}

template <int bits>
__device__ void retrace(long long batch, long long positions, long long channels, const unsigned char *codes,
                        const bf16 *steps, float *decoded) {
  for_each_run<bits>(batch * positions, channels, [=](auto width, long long row, long long first, long long byte) {
    constexpr int w = decltype(width)::value;
    const int count = static_cast<int>(channels - first < w ? channels - first : w);
    const long long i = row * channels + first, channel = row / positions * channels + first;
    Floats<w> known = load_run<w>(decoded + i, count);
    const Floats<w> run_steps = load_run<w>(steps + channel, count);
    const unsigned long long packed = load_codes<w, bits>(codes + byte, count);
    for (int k = 0; k < w; ++k) {
      const int code = static_cast<int>(packed >> (k * bits)) & ((1 << bits) - 1);
      known.at[k] -= static_cast<float>(code - kOffset<bits>) * run_steps.at[k];
    }
    store_run(known, count, decoded + i);
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// decoded = x, rounded to the grid.
// Geometry: Elementwise over x; 4 elements per thread and step.
// Bytes per element: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: decoded may alias x.
extern "C" __global__ void __launch_bounds__(kThreads) quantize_begin(long long count, const float *x, float *decoded) {
  for_each_pack<4>(count, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(x + i);
    for (int k = 0; k < w; ++k) values.at[k] = rintf(values.at[k] * (1 / kGrid)) * kGrid;
    store(values, decoded + i);
  });
}
KERNEL_EXPORT(quantize_begin)

// y = x + s * z;  ranges = max(ranges, |y - decoded|) of every sample and channel, as the bits of a float32.
// Geometry: RowPerBlock; a block owns `size` positions of a sample, a warp every eighth of them for 32 channels.
// Bytes per element: 8 + sizeof(Z) read, 4 written. Accumulator: float32 maximum. Deterministic: it has no order.
// Restrictions: blocks of 256 threads; ranges are zero before; y may alias x.
#define QUANTIZE_RANGE(Z)                                                                                          \
  extern "C" __global__ void __launch_bounds__(kThreads)                                                           \
      quantize_range_##Z(long long batch, long long positions, long long channels, long long size, const float *x, \
                         const Z *z, const float *s, float *y, const float *decoded, unsigned *ranges) {           \
    add_and_measure(batch, positions, channels, size, x, z, s, y, decoded, ranges);                                \
  }                                                                                                                \
  KERNEL_EXPORT(quantize_range_##Z)

QUANTIZE_RANGE(f32)
QUANTIZE_RANGE(bf16)

// code = round((y - decoded) / step) with the step that a channel's range asks for;  decoded += code * step.
// Geometry: Elementwise; a run of 8 channels per thread and step, of 2 if C is not a multiple of 8.
// Bytes per element: 8 read, 4 + bits / 8 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
#define QUANTIZE_ENCODE(bits)                                                                          \
  extern "C" __global__ void __launch_bounds__(kThreads)                                               \
      quantize_encode_##bits(long long batch, long long positions, long long channels, const float *y, \
                             const float *ranges, float *decoded, unsigned char *codes, bf16 *steps) { \
    encode<bits>(batch, positions, channels, y, ranges, decoded, codes, steps);                        \
  }                                                                                                    \
  KERNEL_EXPORT(quantize_encode_##bits)

QUANTIZE_ENCODE(4)
QUANTIZE_ENCODE(8)

// decoded -= code * step: what decoded was before these codes were added.
// Geometry: Elementwise over decoded; a run of 8 channels per thread and step, of 2 if C is not a multiple of 8.
// Bytes per element: 4 + bits / 8 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
#define QUANTIZE_RETRACE(bits)                                                                                      \
  extern "C" __global__ void __launch_bounds__(kThreads)                                                            \
      quantize_retrace_##bits(long long batch, long long positions, long long channels, const unsigned char *codes, \
                              const bf16 *steps, float *decoded) {                                                  \
    retrace<bits>(batch, positions, channels, codes, steps, decoded);                                               \
  }                                                                                                                 \
  KERNEL_EXPORT(quantize_retrace_##bits)

QUANTIZE_RETRACE(4)
QUANTIZE_RETRACE(8)
