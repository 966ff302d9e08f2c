// Weight updates: one launch over all weights of a group, whose tensors lie one after the other. The settings are read
// from the device, so that a captured graph follows a schedule.
#include "vector.cuh"

using namespace revup;

// PyTorch's SGD: d = scale * g + weight_decay * w;  m = momentum * m + d;
//   w -= learning_rate * (nesterov ? d + momentum * m : m)
// settings: learning rate, momentum, weight decay, nesterov (0 or 1), gradient scale.
// Geometry: Elementwise; 4 elements per thread and step.
// Bytes per element: 12 read, 8 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    sgd(long long n, const float *settings, const float *gradient, float *momentum_buffer, float *weights) {
  const float learning_rate = settings[0], momentum = settings[1], weight_decay = settings[2], scale = settings[4];
  const bool nesterov = settings[3] != 0.0f;
  // The update direction is gradient_part * d + momentum_part * m in both variants.
  const float gradient_part = nesterov ? 1.0f : 0.0f, momentum_part = nesterov ? momentum : 1.0f;
  for_each_pack<4>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
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
}
KERNEL_EXPORT(sgd)

// PyTorch's AdamW. settings: learning rate, beta1, beta2, epsilon, weight decay, gradient scale, 1 - beta1^t and
// 1 - beta2^t, which the host computes in double because they cancel while t is small.
// Geometry: Elementwise; 4 elements per thread and step.
// Bytes per element: 16 read, 12 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    adamw(long long n, const float *settings, const float *gradient, float *first_moment, float *second_moment,
          float *weights) {
  const float beta1 = settings[1], beta2 = settings[2], epsilon = settings[3], scale = settings[5];
  const float decay = 1 - settings[0] * settings[4], step_size = settings[0] / settings[6];
  const float root_scale = 1 / sqrtf(settings[7]);
  for_each_pack<4>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
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
}
KERNEL_EXPORT(adamw)
