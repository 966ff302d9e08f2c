// What a convolution by a library is checked with: numbers whose products and sums are exact in every arithmetic and
// order, and single results by the definition. The naive twin of convolution.cu.
#include "convolution.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

// Bits that look random: a bijection of 32-bit numbers (murmur3's last step).
__device__ inline unsigned mixed(unsigned bits) {
  bits = (bits ^ bits >> 16) * 0x85ebca6bu;
  bits = (bits ^ bits >> 13) * 0xc2b2ae35u;
  return bits ^ bits >> 16;
}

// The place of a sample on an axis: its first and last ones a quarter of the time each.
__device__ inline int sampled(long long sample, int axis, int extent) {
  const unsigned bits = mixed(static_cast<unsigned>(sample) * 8u + static_cast<unsigned>(axis));
  const unsigned choice = bits % 4u;
  if (choice < 2) return choice == 0 ? 0 : extent - 1;
  return static_cast<int>(bits / 4u % static_cast<unsigned>(extent));
}

__device__ inline Spot sampled(long long sample, int n, int d, int h, int w) {
  return {sampled(sample, 0, n), sampled(sample, 1, d), sampled(sample, 2, h), sampled(sample, 3, w)};
}

__device__ inline double to_double(float value) { return static_cast<double>(value); }
__device__ inline double to_double(bf16 value) { return static_cast<double>(to_float(value)); }

// A sum of products over the lanes of a warp, and the sum of their magnitudes.
struct Product {
  double value = 0, magnitude = 0;

  template <typename T>
  __device__ void add(T a, T b) {
    const double product = to_double(a) * to_double(b);
    value += product;
    magnitude += fabs(product);
  }

  // 1 in the first lane's sample if a result is not within the error that is allowed, 0 if it is.
  __device__ void check(double actual, double relative, double of_magnitude, float *wrong) {
    value = warp_sum(value);
    magnitude = warp_sum(magnitude);
    const bool is_right = fabs(actual - value) <= relative * fabs(value) + of_magnitude * magnitude;
    if (threadIdx.x % kWarp == 0) *wrong = is_right ? 0.0f : 1.0f;
  }
};

// One tap after another; the lanes share the channels of the group.
template <typename T, bool is_forward>
__device__ inline void check_over_taps(const Convolution &shape, long long sample, const T *from, const T *weights,
                                       const T *results, double relative, double of_magnitude, float *wrong) {
  const ConvolutionAxis &d = shape.d, &h = shape.h, &w = shape.w;
  const Spot spot = is_forward ? sampled(sample, shape.batch, d.output, h.output, w.output)
                               : sampled(sample, shape.batch, d.input, h.input, w.input);
  const int channels = is_forward ? shape.out_channels : shape.in_channels, channel = sampled(sample, 4, channels);
  const int group = channel / (is_forward ? shape.out_group : shape.in_group);
  const int depth = is_forward ? shape.in_group : shape.out_group;
  Product product;
  for (int tap = 0; tap < shape.taps(); ++tap) {
    const int position = is_forward ? shape.input_of(spot, shape.tap(tap)) : shape.output_of(spot, shape.tap(tap));
    if (position < 0) continue;
    for (int k = static_cast<int>(threadIdx.x) % kWarp; k < depth; k += kWarp) {
      const long long at = is_forward ? shape.weights(channel, tap) + k
                                      : shape.weights(group * depth + k, tap) + channel % shape.in_group;
      product.add(from[(static_cast<long long>(position) * shape.groups + group) * depth + k], weights[at]);
    }
  }
  const long long row =
      is_forward ? spot.position(d.output, h.output, w.output) : spot.position(d.input, h.input, w.input);
  product.check(to_double(results[row * channels + channel]), relative, of_magnitude, wrong);
}

// The lanes share the positions.
template <typename T>
__device__ inline void check_over_positions(const Convolution &shape, long long sample, const T *x, const T *dy,
                                            const float *dw, double relative, double of_magnitude, float *wrong) {
  const Spot tap = sampled(sample, shape.out_channels, shape.d.kernel, shape.h.kernel, shape.w.kernel);
  const int out = tap.n, in = sampled(sample, 4, shape.in_group), group = out / shape.out_group;
  Product product;
  for (int k = static_cast<int>(threadIdx.x) % kWarp; k < shape.outputs(); k += kWarp) {
    const int position = shape.input_of(shape.output(k), tap);
    if (position < 0) continue;
    product.add(x[static_cast<long long>(position) * shape.in_channels + group * shape.in_group + in],
                dy[static_cast<long long>(k) * shape.out_channels + out]);
  }
  const int number = (tap.d * shape.h.kernel + tap.h) * shape.w.kernel + tap.w;
  product.check(to_double(dw[shape.weights(out, number) + in]), relative, of_magnitude, wrong);
}

}  // namespace
}  // namespace revup

using namespace revup;

// numbers[i] = -scale, 0 or scale, as a hash of seed and i chooses.
// Geometry: Elementwise over numbers; one 16-byte access per thread and step.
// Bytes per element: sizeof(T) written. Accumulator: none. Deterministic. Restrictions: none.
#define CONVOLUTION_NUMBERS(T)                                                                   \
  extern "C" __global__ void __launch_bounds__(kThreads)                                         \
      convolution_numbers_##T(long long count, long long seed, float scale, T *numbers) {        \
    for_each_pack<pack_width<T>>(count, [=](auto width, long long i) {                           \
      constexpr int w = decltype(width)::value;                                                  \
      Floats<w> values;                                                                          \
      for (int k = 0; k < w; ++k) {                                                              \
        const unsigned bits = mixed(static_cast<unsigned>(i + k) ^ static_cast<unsigned>(seed)); \
        values.at[k] = scale * static_cast<float>(static_cast<int>(bits % 3u) - 1);              \
      }                                                                                          \
      store(values, numbers + i);                                                                \
    });                                                                                          \
  }                                                                                              \
  KERNEL_EXPORT(convolution_numbers_##T)

CONVOLUTION_NUMBERS(f32)
CONVOLUTION_NUMBERS(bf16)

// wrong[sample] = whether a result of a convolution, at a place that the sample's number chooses, is farther from the
// sum of its products than relative * |sum| + of_magnitude * (sum of their magnitudes). pass 0: results = y of a = x
// and b = w; 1: results = dx of a = dy and b = w; 2: dw of a = x and b = dy. Unused results are null.
// Geometry: RowPerWarp; a warp takes one sample after another.
// Bytes per element of wrong: 4 written per sample, sizeof(T) read per factor of its products. Accumulator: double.
// Deterministic. Restrictions: fewer than 2^31 positions.
#define CONVOLUTION_ERRORS(T)                                                                                          \
  extern "C" __global__ void __launch_bounds__(kThreads) convolution_errors_##T(                                       \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int pass, long long samples,  \
      double relative, double of_magnitude, const T *a, const T *b, const T *results, const float *dw, float *wrong) { \
    const Convolution shape(batch, in_channels, out_channels, groups, {d, kernel_d, stride_d, padding_d},              \
                            {h, kernel_h, stride_h, padding_h}, {w, kernel_w, stride_w, padding_w});                   \
    for (long long i = global_thread() / kWarp; i < samples; i += grid_threads() / kWarp) {                            \
      if (pass == 0) {                                                                                                 \
        check_over_taps<T, true>(shape, i, a, b, results, relative, of_magnitude, wrong + i);                          \
      } else if (pass == 1) {                                                                                          \
        check_over_taps<T, false>(shape, i, a, b, results, relative, of_magnitude, wrong + i);                         \
      } else {                                                                                                         \
        check_over_positions(shape, i, a, b, dw, relative, of_magnitude, wrong + i);                                   \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_errors_##T)

CONVOLUTION_ERRORS(f32)
CONVOLUTION_ERRORS(bf16)
