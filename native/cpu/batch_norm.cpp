// Batch normalisation, or an affine map of every channel, with the activation that follows, x [rows, channels].
// Memory-bound: one pass over x for the statistics, one for y; two over x and dy for the gradients.
#include <cmath>
#include <vector>

#include "activation.h"
#include "bfloat16.h"
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

// Channels that one thread sums side by side, whole runs of them: two sums of each stay in the first-level cache.
constexpr int64_t kBlock = 256;
// Bounds the memory of the partial sums: this many times two doubles per channel.
constexpr int64_t kRowChunks = 64;

using Sums = std::array<std::vector<double>, 2>;

// Two sums over the rows for every channel. body(begin, end, first, width, a, b) adds the sums of rows [begin, end)
// and channels [first, first + width) to a and b. Chunks depend on the shape alone and are combined in order.
template <typename Body>
Sums channel_sums(int64_t rows, int64_t channels, Body body) {
  int64_t chunks = 1;
  while (chunks < kRowChunks && 2 * chunks * kChunkElements <= rows * channels) chunks *= 2;
  const int64_t size = (rows + chunks - 1) / chunks, blocks = (channels + kBlock - 1) / kBlock;
  std::vector<double> partial(static_cast<size_t>(2 * chunks * channels));
  double *const partials = partial.data();
  for_each_item(chunks * blocks, [=](int64_t item, int) {
    const int64_t chunk = item / blocks, first = item % blocks * kBlock, width = std::min(kBlock, channels - first);
    double *const to = partials + 2 * chunk * channels + first;
    body(std::min(rows, chunk * size), std::min(rows, (chunk + 1) * size), first, width, to, to + channels);
  });
  Sums total{std::vector<double>(static_cast<size_t>(channels)), std::vector<double>(static_cast<size_t>(channels))};
  for (int64_t i = 0; i < 2 * chunks; ++i) {
    double *const to = total[static_cast<size_t>(i % 2)].data();
    for (int64_t c = 0; c < channels; ++c) to[c] += partials[i * channels + c];
  }
  return total;
}

// Sums of d and d^2 with d = x - origin. Four rows at a time: otherwise the sums take longer to load and store than x.
template <typename X>
void add_moments(int64_t begin, int64_t end, int64_t channels, int64_t first, int64_t width, const X *x,
                 const float *origin, double *sum, double *square) {
  const X *from = x + begin * channels + first;
  const float *shift = origin + first;
  int64_t row = begin;
  for (; row + 4 <= end; row += 4, from += 4 * channels) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const double base = static_cast<double>(shift[c]);
      const double d0 = static_cast<double>(load(from[c])) - base;
      const double d1 = static_cast<double>(load(from[c + channels])) - base;
      const double d2 = static_cast<double>(load(from[c + 2 * channels])) - base;
      const double d3 = static_cast<double>(load(from[c + 3 * channels])) - base;
      sum[c] += (d0 + d1) + (d2 + d3);
      square[c] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
    }
  }
  for (; row < end; ++row, from += channels) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const double d = static_cast<double>(load(from[c])) - static_cast<double>(shift[c]);
      sum[c] += d;
      square[c] += d * d;
    }
  }
}

template <typename X>
void statistics(int64_t rows, int64_t channels, const X *x, float momentum, float *mean, float *variance,
                float *running_mean, float *running_variance) {
  // Moments about the first row: about zero they would cancel where the mean is large against the deviation.
  std::vector<float> origin(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) origin[static_cast<size_t>(c)] = load(x[c]);
  const float *const about = origin.data();
  const Sums sums = channel_sums(
      rows, channels, [=](int64_t begin, int64_t end, int64_t first, int64_t width, double *sum, double *square) {
        add_moments(begin, end, channels, first, width, x, about, sum, square);
      });
  const double count = static_cast<double>(rows), kept = 1 - static_cast<double>(momentum);
  for (int64_t c = 0; c < channels; ++c) {
    const double shift = sums[0][static_cast<size_t>(c)] / count;
    const double spread = std::max(0.0, sums[1][static_cast<size_t>(c)] / count - shift * shift);
    mean[c] = static_cast<float>(static_cast<double>(about[c]) + shift);
    variance[c] = static_cast<float>(spread);
    if (running_mean != nullptr) {
      running_mean[c] = static_cast<float>(kept * static_cast<double>(running_mean[c]) +
                                           static_cast<double>(momentum) * (static_cast<double>(about[c]) + shift));
    }
    if (running_variance != nullptr) {
      const double unbiased = spread * (count / std::max(1.0, count - 1));
      running_variance[c] = static_cast<float>(kept * static_cast<double>(running_variance[c]) +
                                               static_cast<double>(momentum) * unbiased);
    }
  }
}

// t = (x - center) * scale + shift, and the normalised x = (x - center) * inverse_deviation, channel by channel.
struct Channels {
  std::vector<float> center, inverse_deviation, scale, shift;

  Channels(int64_t channels, const float *mean, const float *variance, float epsilon, const float *weight,
           const float *bias)
      : center(static_cast<size_t>(channels)),
        inverse_deviation(static_cast<size_t>(channels), 1.0f),
        scale(static_cast<size_t>(channels), 1.0f),
        shift(bias, bias + channels) {
    for (size_t c = 0; c < center.size(); ++c) {
      if (mean != nullptr) {
        center[c] = mean[c];
        inverse_deviation[c] =
            static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(epsilon)));
      }
      scale[c] = inverse_deviation[c] * (weight == nullptr ? 1.0f : weight[c]);
    }
  }
};

template <typename Activation, typename X, typename Y>
void forward(int64_t begin, int64_t end, int64_t channels, const X *x, const float *center, const float *scale,
             const float *shift, Y *y) {
  for (int64_t row = begin; row < end; ++row) {
    const X *from = x + row * channels;
    Y *to = y + row * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; c += Activation::kRun) {
      float t[Activation::kRun];
      for (int64_t k = 0; k < Activation::kRun; ++k) {
        t[k] = (load(from[c + k]) - center[c + k]) * scale[c + k] + shift[c + k];
      }
      Activation::value(t);
      for (int64_t k = 0; k < Activation::kRun; ++k) store(t[k], to[c + k]);
    }
  }
}

// Sums of g = factor * dy * act'(t) and of g times the normalised x.
template <typename Activation, typename X, typename DY>
void add_gradients(int64_t begin, int64_t end, int64_t channels, int64_t first, int64_t width, const X *x,
                   const float *center, const float *inverse_deviation, const float *scale, const float *shift,
                   const DY *dy, float factor, double *bias_sum, double *weight_sum) {
  for (int64_t row = begin; row < end; ++row) {
    const X *from = x + row * channels;
    const DY *upstream = dy + row * channels;
#pragma omp simd
    for (int64_t c = first; c < first + width; c += Activation::kRun) {
      float centered[Activation::kRun], t[Activation::kRun], g[Activation::kRun];
      for (int64_t k = 0; k < Activation::kRun; ++k) {
        centered[k] = load(from[c + k]) - center[c + k];
        t[k] = centered[k] * scale[c + k] + shift[c + k];
        g[k] = factor * load(upstream[c + k]);
      }
      Activation::gradient(t, g);
      for (int64_t k = 0; k < Activation::kRun; ++k) {
        const float n = centered[k] * inverse_deviation[c + k];
        bias_sum[c + k - first] += static_cast<double>(g[k]);
        weight_sum[c + k - first] += static_cast<double>(g[k]) * static_cast<double>(n);
      }
    }
  }
}

// dx = residual + scale * g + slope * (x - center) + offset.
template <typename Activation, bool has_residual, typename X, typename DY, typename DX>
void backward(int64_t begin, int64_t end, int64_t channels, const X *x, const float *center, const float *scale,
              const float *shift, const float *slope, const float *offset, const DY *dy, float factor,
              const DX *residual, DX *dx) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; c += Activation::kRun) {
      float centered[Activation::kRun], t[Activation::kRun], g[Activation::kRun];
      for (int64_t k = 0; k < Activation::kRun; ++k) {
        centered[k] = load(x[at + c + k]) - center[c + k];
        t[k] = centered[k] * scale[c + k] + shift[c + k];
        g[k] = factor * load(dy[at + c + k]);
      }
      Activation::gradient(t, g);
      for (int64_t k = 0; k < Activation::kRun; ++k) {
        const float d = scale[c + k] * g[k] + (slope[c + k] * centered[k] + offset[c + k]);
        store(has_residual ? load(residual[at + c + k]) + d : d, dx[at + c + k]);
      }
    }
  }
}

// Where the statistics are x's own, they carry gradient: dx = scale * (g - mean(g) - normalised x * mean(g * same)).
template <typename Activation, typename X, typename DY, typename DX>
void backward(int64_t rows, int64_t channels, const X *x, const Channels &of, bool has_statistics, const DY *dy,
              float factor, const DX *residual, DX *dx, float *weight_gradient, float *bias_gradient) {
  const float *const center = of.center.data(), *const inverse_deviation = of.inverse_deviation.data(),
                     *const scale = of.scale.data(), *const shift = of.shift.data();
  const Sums sums = channel_sums(
      rows, channels, [=](int64_t begin, int64_t end, int64_t first, int64_t width, double *bias, double *weight) {
        add_gradients<Activation>(begin, end, channels, first, width, x, center, inverse_deviation, scale, shift, dy,
                                  factor, bias, weight);
      });
  std::vector<float> slopes(static_cast<size_t>(channels)), offsets(static_cast<size_t>(channels));
  for (size_t c = 0; c < slopes.size(); ++c) {
    if (weight_gradient != nullptr) weight_gradient[c] += static_cast<float>(sums[1][c]);
    if (bias_gradient != nullptr) bias_gradient[c] += static_cast<float>(sums[0][c]);
    if (!has_statistics) continue;
    const double share = -static_cast<double>(scale[c]) / static_cast<double>(rows);
    offsets[c] = static_cast<float>(share * sums[0][c]);
    slopes[c] = static_cast<float>(share * sums[1][c] * static_cast<double>(inverse_deviation[c]));
  }
  const float *const slope = slopes.data(), *const offset = offsets.data();
  const auto chunk =
      residual == nullptr ? backward<Activation, false, X, DY, DX> : backward<Activation, true, X, DY, DX>;
  parallel_for_items(rows, channels, [=](int64_t begin, int64_t end) {
    chunk(begin, end, channels, x, center, scale, shift, slope, offset, dy, factor, residual, dx);
  });
}

// False when there is nothing to do.
bool checked(int64_t rows, int64_t channels, revup_type x_type, const void *x) {
  require_count(rows, "rows");
  require_count(channels, "channels");
  if (element_count({rows, channels}, "x") == 0) return false;
  require_elements(x, x_type, "x");
  return true;
}

void require_activation(revup_activation activation, int64_t channels) {
  with_activation(activation, channels, "channels", [](auto) {});
}

void require_statistics(const float *mean, const float *variance, float epsilon) {
  require_scalar(mean, "mean");
  require_scalar(variance, "variance");
  require(epsilon > 0, "epsilon must be positive");
}

// Mean null: no statistics.
void forward(int64_t rows, int64_t channels, revup_activation activation, revup_type x_type, const void *x,
             const float *mean, const float *variance, float epsilon, const float *weight, const float *bias,
             revup_type y_type, void *y) {
  if (weight != nullptr) require_scalar(weight, "weight");
  require_scalar(bias, "bias");
  require_elements(y, y_type, "y");
  const Channels of(channels, mean, variance, epsilon, weight, bias);
  with_activation(activation, channels, "channels", [&](auto act) {
    with_type(x_type, [&](auto x_tag) {
      with_type(y_type, [&](auto y_tag) {
        using X = decltype(x_tag);
        using Y = decltype(y_tag);
        const auto chunk = forward<decltype(act), X, Y>;
        parallel_for_items(rows, channels,
                           [=, from = static_cast<const X *>(x), to = static_cast<Y *>(y), center = of.center.data(),
                            scale = of.scale.data(), shift = of.shift.data()](int64_t begin, int64_t end) {
                             chunk(begin, end, channels, from, center, scale, shift, to);
                           });
      });
    });
  });
}

void backward(int64_t rows, int64_t channels, revup_activation activation, revup_type x_type, const void *x,
              const float *mean, const float *variance, float epsilon, const float *weight, const float *bias,
              revup_type dy_type, const void *dy, const float *scale, const void *residual, revup_type dx_type,
              void *dx, float *weight_gradient, float *bias_gradient) {
  if (weight != nullptr) require_scalar(weight, "weight");
  require_scalar(bias, "bias");
  require_elements(dy, dy_type, "dy");
  if (scale != nullptr) require_scalar(scale, "scale");
  if (residual != nullptr) require_elements(residual, dx_type, "residual");
  require_elements(dx, dx_type, "dx");
  if (weight_gradient != nullptr) require_scalar(weight_gradient, "weight_gradient");
  if (bias_gradient != nullptr) require_scalar(bias_gradient, "bias_gradient");
  const Channels of(channels, mean, variance, epsilon, weight, bias);
  with_activation(activation, channels, "channels", [&](auto act) {
    with_type(x_type, [&](auto x_tag) {
      with_type(dy_type, [&](auto dy_tag) {
        with_type(dx_type, [&](auto dx_tag) {
          using X = decltype(x_tag);
          using DY = decltype(dy_tag);
          using DX = decltype(dx_tag);
          backward<decltype(act)>(rows, channels, static_cast<const X *>(x), of, mean != nullptr,
                                  static_cast<const DY *>(dy), scale == nullptr ? 1.0f : *scale,
                                  static_cast<const DX *>(residual), static_cast<DX *>(dx), weight_gradient,
                                  bias_gradient);
        });
      });
    });
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_batch_norm_statistics(int64_t rows, int64_t channels, revup_type x_type, const void *x,
                                         float momentum, float *mean, float *variance, float *running_mean,
                                         float *running_variance) {
  return guarded([&] {
    require_type(x_type, "x_type");
    require(momentum >= 0 && momentum <= 1, "momentum must lie between 0 and 1");
    if (!checked(rows, channels, x_type, x)) return;
    require_scalar(mean, "mean");
    require_scalar(variance, "variance");
    if (running_mean != nullptr) require_scalar(running_mean, "running_mean");
    if (running_variance != nullptr) require_scalar(running_variance, "running_variance");
    with_type(x_type, [&](auto x_tag) {
      using X = decltype(x_tag);
      statistics(rows, channels, static_cast<const X *>(x), momentum, mean, variance, running_mean, running_variance);
    });
  });
}

revup_status revup_batch_norm_forward(int64_t rows, int64_t channels, revup_activation activation, revup_type x_type,
                                      const void *x, const float *mean, const float *variance, float epsilon,
                                      const float *weight, const float *bias, revup_type y_type, void *y) {
  return guarded([&] {
    require_type(x_type, "x_type");
    require_type(y_type, "y_type");
    require_activation(activation, channels);
    if (!checked(rows, channels, x_type, x)) return;
    require_statistics(mean, variance, epsilon);
    forward(rows, channels, activation, x_type, x, mean, variance, epsilon, weight, bias, y_type, y);
  });
}

revup_status revup_batch_norm_backward(int64_t rows, int64_t channels, revup_activation activation, revup_type x_type,
                                       const void *x, const float *mean, const float *variance, float epsilon,
                                       const float *weight, const float *bias, revup_type dy_type, const void *dy,
                                       const float *scale, const void *residual, revup_type dx_type, void *dx,
                                       float *weight_gradient, float *bias_gradient) {
  return guarded([&] {
    require_type(x_type, "x_type");
    require_type(dy_type, "dy_type");
    require_type(dx_type, "dx_type");
    require_activation(activation, channels);
    if (!checked(rows, channels, x_type, x)) return;
    require_statistics(mean, variance, epsilon);
    backward(rows, channels, activation, x_type, x, mean, variance, epsilon, weight, bias, dy_type, dy, scale, residual,
             dx_type, dx, weight_gradient, bias_gradient);
  });
}

revup_status revup_channel_affine_forward(int64_t rows, int64_t channels, revup_activation activation,
                                          revup_type x_type, const void *x, const float *weight, const float *bias,
                                          revup_type y_type, void *y) {
  return guarded([&] {
    require_type(x_type, "x_type");
    require_type(y_type, "y_type");
    require_activation(activation, channels);
    if (!checked(rows, channels, x_type, x)) return;
    forward(rows, channels, activation, x_type, x, nullptr, nullptr, 0, weight, bias, y_type, y);
  });
}

revup_status revup_channel_affine_backward(int64_t rows, int64_t channels, revup_activation activation,
                                           revup_type x_type, const void *x, const float *weight, const float *bias,
                                           revup_type dy_type, const void *dy, const float *scale, const void *residual,
                                           revup_type dx_type, void *dx, float *weight_gradient, float *bias_gradient) {
  return guarded([&] {
    require_type(x_type, "x_type");
    require_type(dy_type, "dy_type");
    require_type(dx_type, "dx_type");
    require_activation(activation, channels);
    if (!checked(rows, channels, x_type, x)) return;
    backward(rows, channels, activation, x_type, x, nullptr, nullptr, 0, weight, bias, dy_type, dy, scale, residual,
             dx_type, dx, weight_gradient, bias_gradient);
  });
}
