// Batch normalisation with the activation that follows it, x [rows, C]; n = (x - mean) / sqrt(variance + epsilon) and
// y = act(n * weight + bias). Null: mean and variance (0 and 1, without epsilon), weight (1).
#include "activation.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

// t = centered * scale + shift with centered = x - center, and n = centered * inverse_deviation, for w channels.
template <int w>
struct Channels {
  Floats<w> center, inverse_deviation, scale, shift;

  __device__ Channels(long long c, const float *mean, const float *variance, float epsilon, const float *weight,
                      const float *bias)
      : center{}, shift(load<w>(bias + c)) {
    Floats<w> spread = {}, factor = {};
    if (mean != nullptr) center = load<w>(mean + c), spread = load<w>(variance + c);
    if (weight != nullptr) factor = load<w>(weight + c);
    for (int k = 0; k < w; ++k) {
      inverse_deviation.at[k] = mean == nullptr ? 1.0f : 1.0f / sqrtf(spread.at[k] + epsilon);
      scale.at[k] = weight == nullptr ? inverse_deviation.at[k] : inverse_deviation.at[k] * factor.at[k];
    }
  }
};

// Two sums over rows for every channel, as partial sums [shares, 2, channels]: body(c, first, step, sums) adds channel
// c of every step-th row from the first.
template <typename Body>
__device__ void channel_sums(long long channels, long long shares, double *partials, Body body) {
  constexpr int warps = kThreads / kWarp;
  __shared__ double of_warp[2][warps][kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const long long groups = (channels + kWarp - 1) / kWarp;
  for (long long item = blockIdx.x; item < groups * shares; item += gridDim.x) {
    const long long c = item % groups * kWarp + lane, share = item / groups;
    double sums[2] = {};
    if (c < channels) body(c, share * warps + warp, shares * warps, sums);
    for (int i = 0; i < 2; ++i) of_warp[i][warp][lane] = sums[i];
    __syncthreads();
    if (warp < 2 && c < channels) {
      double sum = 0;
      for (int other = 0; other < warps; ++other) sum += of_warp[warp][other][lane];
      partials[(share * 2 + warp) * channels + c] = sum;
    }
    __syncthreads();
  }
}

// The partial sums of channel c added up in the order of the shares.
__device__ inline double total(long long channels, long long shares, const double *partials, int which, long long c) {
  double sum = 0;
  for (long long share = 0; share < shares; ++share) sum += partials[(share * 2 + which) * channels + c];
  return sum;
}

// Moments about the first row, left in `origin`: about zero they would cancel where the mean is large.
template <typename X>
__device__ void moments(long long rows, long long channels, long long shares, const X *x, float *origin,
                        double *partials) {
  channel_sums(channels, shares, partials, [=](long long c, long long first, long long step, double(&sums)[2]) {
    const float about = to_float(x[c]);
    if (first == 0) origin[c] = about;
    for (long long row = first; row < rows; row += step) {
      const double d = static_cast<double>(to_float(x[row * channels + c])) - static_cast<double>(about);
      sums[0] += d;
      sums[1] += d * d;
    }
  });
}

template <typename X, typename Y>
__device__ void normalize(long long rows, long long channels, int activation, const X *x, const float *mean,
                          const float *variance, float epsilon, const float *weight, const float *bias, Y *y) {
  with_activation(activation, [=](auto act) {
    constexpr int run = decltype(act)::kRun;
    with_channel_width<pack_width<X, Y>, run>(channels, [=](auto access) {
      constexpr int w = decltype(access)::value;
      for_each_index(rows * channels / w, [=](auto index) {
        const long long at = static_cast<long long>(index) * w;
        const long long c = static_cast<long long>(index % static_cast<decltype(index)>(channels / w)) * w;
        const Channels<w> of(c, mean, variance, epsilon, weight, bias);
        Floats<w> values = load<w>(x + at);
        for (int k = 0; k < w; ++k) {
          values.at[k] = (values.at[k] - of.center.at[k]) * of.scale.at[k] + of.shift.at[k];
        }
        for (int k = 0; k < w; k += run) decltype(act)::value(values.at + k);
        store(values, y + at);
      });
    });
  });
}

template <typename X, typename DY>
__device__ void gradient_sums(long long rows, long long channels, long long shares, int activation, const X *x,
                              const float *mean, const float *variance, float epsilon, const float *weight,
                              const float *bias, const DY *dy, const float *scale, double *partials) {
  const float factor = scale == nullptr ? 1.0f : *scale;
  with_activation(activation, [=](auto act) {
    channel_sums(channels, shares, partials, [=](long long c, long long first, long long step, double(&sums)[2]) {
      // The gradient of a channel needs the others of its run.
      constexpr int run = decltype(act)::kRun;
      const int own = static_cast<int>(c % run);
      const Channels<run> of(c - own, mean, variance, epsilon, weight, bias);
      for (long long row = first; row < rows; row += step) {
        const long long at = row * channels + c - own;
        Floats<run> n = load<run>(x + at), t, g = load<run>(dy + at);
        for (int k = 0; k < run; ++k) {
          const float centered = n.at[k] - of.center.at[k];
          n.at[k] = centered * of.inverse_deviation.at[k];
          t.at[k] = centered * of.scale.at[k] + of.shift.at[k];
          g.at[k] *= factor;
        }
        decltype(act)::gradient(t.at, g.at);
        // Chosen, not indexed: that would put the run into local memory.
        const double own_g = static_cast<double>(own == 0 ? g.at[0] : g.at[run - 1]);
        sums[0] += own_g;
        sums[1] += own_g * static_cast<double>(own == 0 ? n.at[0] : n.at[run - 1]);
      }
    });
  });
}

template <typename X, typename DY, typename DX>
__device__ void input_gradient(long long rows, long long channels, int activation, const X *x, const float *mean,
                               const float *variance, float epsilon, const float *weight, const float *bias,
                               const DY *dy, const float *scale, const float *means, const DX *residual, DX *dx) {
  const float factor = scale == nullptr ? 1.0f : *scale;
  with_activation(activation, [=](auto act) {
    constexpr int run = decltype(act)::kRun;
    with_channel_width<pack_width<X, DY, DX>, run>(channels, [=](auto access) {
      constexpr int w = decltype(access)::value;
      for_each_index(rows * channels / w, [=](auto index) {
        const long long at = static_cast<long long>(index) * w;
        const long long c = static_cast<long long>(index % static_cast<decltype(index)>(channels / w)) * w;
        const Channels<w> of(c, mean, variance, epsilon, weight, bias);
        Floats<w> n = load<w>(x + at), t, g = load<w>(dy + at), result = {}, mean_g = {}, mean_product = {};
        if (residual != nullptr) result = load<w>(residual + at);
        if (mean != nullptr) mean_g = load<w>(means + c), mean_product = load<w>(means + channels + c);
        for (int k = 0; k < w; ++k) {
          const float centered = n.at[k] - of.center.at[k];
          n.at[k] = centered * of.inverse_deviation.at[k];
          t.at[k] = centered * of.scale.at[k] + of.shift.at[k];
          g.at[k] *= factor;
        }
        for (int k = 0; k < w; k += run) decltype(act)::gradient(t.at + k, g.at + k);
        for (int k = 0; k < w; ++k) {
          result.at[k] += of.scale.at[k] * (g.at[k] - mean_g.at[k] - n.at[k] * mean_product.at[k]);
        }
        store(result, dx + at);
      });
    });
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// Partial sums [shares, 2, C] of d and d^2 with d = x - x[0], and origin = x[0].
// Geometry: RowPerBlock; a block owns 32 neighbouring channels and one of `shares` interleaved shares of the rows, a
// warp every eighth row of those.
// Bytes per element of x: sizeof(X) read. Accumulator: double. Deterministic. Restrictions: blocks of 256 threads.
#define BATCH_NORM_MOMENTS(X)                                                                              \
  extern "C" __global__ void __launch_bounds__(kThreads) batch_norm_moments_##X(                           \
      long long rows, long long channels, long long shares, const X *x, float *origin, double *partials) { \
    moments(rows, channels, shares, x, origin, partials);                                                  \
  }                                                                                                        \
  KERNEL_EXPORT(batch_norm_moments_##X)

BATCH_NORM_MOMENTS(f32)
BATCH_NORM_MOMENTS(bf16)

// From those partial sums, with the origin in `mean`: mean and biased variance of every channel, and, unless null,
//   running_mean += momentum * (mean - running_mean);  running_variance the same with the unbiased variance.
// Geometry: Elementwise; one channel per thread and step.
// Bytes per channel: 16 * shares + 12 read, 16 written. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    batch_norm_statistics(long long rows, long long channels, long long shares, const double *partials, float momentum,
                          float *mean, float *variance, float *running_mean, float *running_variance) {
  const double count = static_cast<double>(rows), step = static_cast<double>(momentum);
  for (long long c = global_thread(); c < channels; c += grid_threads()) {
    const double shift = total(channels, shares, partials, 0, c) / count;
    const double moment = total(channels, shares, partials, 1, c) / count - shift * shift;
    const double spread = moment > 0 ? moment : 0, center = static_cast<double>(mean[c]) + shift;
    mean[c] = static_cast<float>(center);
    variance[c] = static_cast<float>(spread);
    if (running_mean != nullptr) {
      const double old = static_cast<double>(running_mean[c]);
      running_mean[c] = static_cast<float>(old + step * (center - old));
    }
    if (running_variance != nullptr) {
      const double unbiased = rows > 1 ? spread * (count / (count - 1)) : spread;
      const double old = static_cast<double>(running_variance[c]);
      running_variance[c] = static_cast<float>(old + step * (unbiased - old));
    }
  }
}
KERNEL_EXPORT(batch_norm_statistics)

// y = act(n * weight + bias)
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16, else one, or two for MaxMin.
// Bytes per element: sizeof(X) read, sizeof(Y) written; per channel from the cache. Accumulator: none. Deterministic.
// Restrictions: y may alias x if the types are equal.
#define BATCH_NORM_FORWARD(X, Y)                                                                                \
  extern "C" __global__ void __launch_bounds__(kThreads) batch_norm_forward_##X##_##Y(                          \
      long long rows, long long channels, int activation, const X *x, const float *mean, const float *variance, \
      float epsilon, const float *weight, const float *bias, Y *y) {                                            \
    normalize(rows, channels, activation, x, mean, variance, epsilon, weight, bias, y);                         \
  }                                                                                                             \
  KERNEL_EXPORT(batch_norm_forward_##X##_##Y)

BATCH_NORM_FORWARD(f32, f32)
BATCH_NORM_FORWARD(f32, bf16)
BATCH_NORM_FORWARD(bf16, f32)
BATCH_NORM_FORWARD(bf16, bf16)

// y = act(x * weight + bias)      (weight null: 1)
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16, else one, or two for MaxMin.
// Bytes per element: sizeof(X) read, sizeof(Y) written; per channel from the cache. Accumulator: none. Deterministic.
// Restrictions: y may alias x if the types are equal.
#define CHANNEL_AFFINE_FORWARD(X, Y)                                                                                  \
  extern "C" __global__ void __launch_bounds__(kThreads) channel_affine_forward_##X##_##Y(                            \
      long long rows, long long channels, int activation, const X *x, const float *weight, const float *bias, Y *y) { \
    normalize(rows, channels, activation, x, nullptr, nullptr, 0, weight, bias, y);                                   \
  }                                                                                                                   \
  KERNEL_EXPORT(channel_affine_forward_##X##_##Y)

CHANNEL_AFFINE_FORWARD(f32, f32)
CHANNEL_AFFINE_FORWARD(f32, bf16)
CHANNEL_AFFINE_FORWARD(bf16, f32)
CHANNEL_AFFINE_FORWARD(bf16, bf16)

// Partial sums [shares, 2, C] of g and g * n with g = scale * dy * act'(n * weight + bias)      (scale null: 1)
// Geometry: RowPerBlock; as batch_norm_moments.
// Bytes per element: sizeof(X) + sizeof(DY) read. Accumulator: double. Deterministic.
// Restrictions: blocks of 256 threads.
#define BATCH_NORM_GRADIENT_SUMS(X, DY)                                                                               \
  extern "C" __global__ void __launch_bounds__(kThreads) batch_norm_gradient_sums_##X##_##DY(                         \
      long long rows, long long channels, long long shares, int activation, const X *x, const float *mean,            \
      const float *variance, float epsilon, const float *weight, const float *bias, const DY *dy, const float *scale, \
      double *partials) {                                                                                             \
    gradient_sums(rows, channels, shares, activation, x, mean, variance, epsilon, weight, bias, dy, scale, partials); \
  }                                                                                                                   \
  KERNEL_EXPORT(batch_norm_gradient_sums_##X##_##DY)

BATCH_NORM_GRADIENT_SUMS(f32, f32)
BATCH_NORM_GRADIENT_SUMS(f32, bf16)
BATCH_NORM_GRADIENT_SUMS(bf16, f32)
BATCH_NORM_GRADIENT_SUMS(bf16, bf16)

// From those partial sums: weight_gradient += sum(g * n), bias_gradient += sum(g) (either may be null), and
// means [2, C] = mean(g), mean(g * n).
// Geometry: Elementwise; one channel per thread and step.
// Bytes per channel: 16 * shares + 8 read, 16 written. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    batch_norm_gradients(long long rows, long long channels, long long shares, const double *partials,
                         float *weight_gradient, float *bias_gradient, float *means) {
  for (long long c = global_thread(); c < channels; c += grid_threads()) {
    const double of_g = total(channels, shares, partials, 0, c), of_product = total(channels, shares, partials, 1, c);
    if (weight_gradient != nullptr) weight_gradient[c] += static_cast<float>(of_product);
    if (bias_gradient != nullptr) bias_gradient[c] += static_cast<float>(of_g);
    means[c] = static_cast<float>(of_g / static_cast<double>(rows));
    means[channels + c] = static_cast<float>(of_product / static_cast<double>(rows));
  }
}
KERNEL_EXPORT(batch_norm_gradients)

// dx = residual + weight / sqrt(variance + epsilon) * (g - mean(g) - n * mean(g * n))      (residual null: 0)
// where mean is null, without the two means.
// Geometry: Elementwise; 4 elements per thread and step, 8 with bf16, else one, or two for MaxMin.
// Bytes per element: sizeof(X) + sizeof(DY) + sizeof(DX) for the residual read, sizeof(DX) written; per channel from
// the cache. Accumulator: none. Deterministic. Restrictions: dx may alias dy, residual and x if the types are equal.
#define BATCH_NORM_BACKWARD(X, DY, DX)                                                                               \
  extern "C" __global__ void __launch_bounds__(kThreads) batch_norm_backward_##X##_##DY##_##DX(                      \
      long long rows, long long channels, int activation, const X *x, const float *mean, const float *variance,      \
      float epsilon, const float *weight, const float *bias, const DY *dy, const float *scale, const float *means,   \
      const DX *residual, DX *dx) {                                                                                  \
    input_gradient(rows, channels, activation, x, mean, variance, epsilon, weight, bias, dy, scale, means, residual, \
                   dx);                                                                                              \
  }                                                                                                                  \
  KERNEL_EXPORT(batch_norm_backward_##X##_##DY##_##DX)

BATCH_NORM_BACKWARD(f32, f32, f32)
BATCH_NORM_BACKWARD(f32, f32, bf16)
BATCH_NORM_BACKWARD(f32, bf16, f32)
BATCH_NORM_BACKWARD(f32, bf16, bf16)
BATCH_NORM_BACKWARD(bf16, f32, f32)
BATCH_NORM_BACKWARD(bf16, f32, bf16)
BATCH_NORM_BACKWARD(bf16, bf16, f32)
BATCH_NORM_BACKWARD(bf16, bf16, bf16)
