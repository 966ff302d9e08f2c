// Weight updates: one launch over all weights, whose tensors lie one after the other, group after group. The settings
// are read from the device, so that a captured graph follows a schedule and the verdict on its own step.
#include "../include/revup_tables.h"
#include "vector.cuh"

namespace revup {
namespace {

// Calls update(begin, n, learning_rate, weight_decay) for each group of n elements from `begin` on; none if the step is
// to be skipped. All groups begin at a multiple of 16 elements.
template <typename Update>
__device__ void for_each_group(long long groups, const revup_optimizer_settings *settings, Update update) {
  if (settings->skip != 0) return;
  const revup_parameter_group *group = reinterpret_cast<const revup_parameter_group *>(settings + 1);
  long long begin = 0;
  for (const revup_parameter_group *last = group + groups; group < last; ++group) {
    const long long end = static_cast<long long>(group->end);
    update(begin, end - begin, static_cast<float>(group->learning_rate), static_cast<float>(group->weight_decay));
    begin = end;
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

// PyTorch's SGD: d = scale * g + weight_decay * w;  m = momentum * m + d;
//   w -= learning_rate * (nesterov ? d + momentum * m : m)
// Geometry: Elementwise over weights; each group in turn, 4 elements per thread and step.
// Bytes per element: 12 read, 8 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    sgd(long long groups, const revup_optimizer_settings *settings, const float *gradient, float *momentum_buffer,
        float *weights) {
  const float scale = static_cast<float>(settings->gradient_scale), momentum = static_cast<float>(settings->momentum);
  const bool nesterov = settings->nesterov != 0;
  // The update direction is gradient_part * d + momentum_part * m in both variants.
  const float gradient_part = nesterov ? 1.0f : 0.0f, momentum_part = nesterov ? momentum : 1.0f;
  for_each_group(groups, settings, [=](long long begin, long long n, float learning_rate, float weight_decay) {
    for_each_pack<4>(n, [=](auto width, long long offset) {
      constexpr int w = decltype(width)::value;
      const long long i = begin + offset;
      const Floats<w> g = load<w>(gradient + i);
      Floats<w> m = load<w>(momentum_buffer + i), values = load<w>(weights + i);
      for (int k = 0; k < w; ++k) {
        const float d = scale * g.at[k] + weight_decay * values.at[k];
        m.at[k] = momentum * m.at[k] + d;
        values.at[k] -= learning_rate * (gradient_part * d + momentum_part * m.at[k]);
      }
      store(m, momentum_buffer + i);
      store(values, weights + i);
    });
  });
}
KERNEL_EXPORT(sgd)

// Momentum alone: d = scale * g;  m = momentum * m + d;  g = nesterov ? d + momentum * m : m
// Geometry: Elementwise over gradient; each group in turn, 4 elements per thread and step.
// Bytes per element: 8 read, 8 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    momentum_direction(long long groups, const revup_optimizer_settings *settings, float *gradient,
                       float *momentum_buffer) {
  const float scale = static_cast<float>(settings->gradient_scale), momentum = static_cast<float>(settings->momentum);
  const bool nesterov = settings->nesterov != 0;
  const float gradient_part = nesterov ? 1.0f : 0.0f, momentum_part = nesterov ? momentum : 1.0f;
  for_each_group(groups, settings, [=](long long begin, long long n, float, float) {
    for_each_pack<4>(n, [=](auto width, long long offset) {
      constexpr int w = decltype(width)::value;
      const long long i = begin + offset;
      Floats<w> g = load<w>(gradient + i), m = load<w>(momentum_buffer + i);
      for (int k = 0; k < w; ++k) {
        const float d = scale * g.at[k];
        m.at[k] = momentum * m.at[k] + d;
        g.at[k] = gradient_part * d + momentum_part * m.at[k];
      }
      store(m, momentum_buffer + i);
      store(g, gradient + i);
    });
  });
}
KERNEL_EXPORT(momentum_direction)

// w -= learning_rate * (direction + weight_decay * w)
// Geometry: Elementwise over weights; each group in turn, 4 elements per thread and step.
// Bytes per element: 8 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    descend(long long groups, const revup_optimizer_settings *settings, const float *direction, float *weights) {
  for_each_group(groups, settings, [=](long long begin, long long n, float learning_rate, float weight_decay) {
    for_each_pack<4>(n, [=](auto width, long long offset) {
      constexpr int w = decltype(width)::value;
      const long long i = begin + offset;
      const Floats<w> d = load<w>(direction + i);
      Floats<w> values = load<w>(weights + i);
      for (int k = 0; k < w; ++k) values.at[k] -= learning_rate * (d.at[k] + weight_decay * values.at[k]);
      store(values, weights + i);
    });
  });
}
KERNEL_EXPORT(descend)

// PyTorch's AdamW.
// Geometry: Elementwise over weights; each group in turn, 4 elements per thread and step.
// Bytes per element: 16 read, 12 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    adam_w(long long groups, const revup_optimizer_settings *settings, const float *gradient, float *first_moment,
           float *second_moment, float *weights) {
  const float beta1 = static_cast<float>(settings->beta1), beta2 = static_cast<float>(settings->beta2);
  const float epsilon = static_cast<float>(settings->epsilon), scale = static_cast<float>(settings->gradient_scale);
  const float root_scale = static_cast<float>(1 / sqrt(settings->correction2));
  const double correction1 = settings->correction1;
  for_each_group(groups, settings, [=](long long begin, long long n, float learning_rate, float weight_decay) {
    const float step_size = static_cast<float>(static_cast<double>(learning_rate) / correction1);
    const float decay = 1 - learning_rate * weight_decay;
    for_each_pack<4>(n, [=](auto width, long long offset) {
      constexpr int w = decltype(width)::value;
      const long long i = begin + offset;
      const Floats<w> gradients = load<w>(gradient + i);
      Floats<w> m = load<w>(first_moment + i), v = load<w>(second_moment + i), values = load<w>(weights + i);
      for (int k = 0; k < w; ++k) {
        const float g = scale * gradients.at[k];
        m.at[k] = beta1 * m.at[k] + (1 - beta1) * g;
        v.at[k] = beta2 * v.at[k] + (1 - beta2) * g * g;
        values.at[k] = decay * values.at[k] - step_size * m.at[k] / (sqrtf(v.at[k]) * root_scale + epsilon);
      }
      store(m, first_moment + i);
      store(v, second_moment + i);
      store(values, weights + i);
    });
  });
}
KERNEL_EXPORT(adam_w)
