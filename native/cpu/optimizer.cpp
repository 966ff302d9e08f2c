// Weight updates: one pass over gradient, state and weights.
#include <cmath>

#include "parallel.h"
#include "status.h"

namespace revup {
namespace {

void require_hyperparameter(float value, const char *name, float bound, const char *range) {
  if (!(value >= 0 && value < bound)) {
    fail(std::string(name) + " is " + std::to_string(value) + "; it must be " + range);
  }
}

void require_non_negative(float value, const char *name) {
  require_hyperparameter(value, name, INFINITY, "finite and not negative");
}

void require_decay_rate(float value, const char *name) {
  require_hyperparameter(value, name, 1.0f, "at least 0 and less than 1");
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_sgd(int64_t count, float learning_rate, float momentum, float weight_decay, int32_t nesterov,
                       float gradient_scale, const float *gradient, float *momentum_buffer, float *weights) {
  return guarded([&] {
    require_count(count, "count");
    require_non_negative(learning_rate, "learning_rate");
    require_decay_rate(momentum, "momentum");
    require_non_negative(weight_decay, "weight_decay");
    if (nesterov != 0 && nesterov != 1) fail("nesterov is " + std::to_string(nesterov) + "; it must be 0 or 1");
    if (count == 0) return;
    require_pointer(gradient, "gradient");
    require_pointer(momentum_buffer, "momentum_buffer");
    require_pointer(weights, "weights");
    // The update direction is gradient_part * d + momentum_part * m in both variants.
    const float gradient_part = nesterov == 1 ? 1.0f : 0.0f;
    const float momentum_part = nesterov == 1 ? momentum : 1.0f;
    parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const float d = gradient_scale * gradient[i] + weight_decay * weights[i];
        const float m = momentum * momentum_buffer[i] + d;
        momentum_buffer[i] = m;
        weights[i] -= learning_rate * (gradient_part * d + momentum_part * m);
      }
    });
  });
}

revup_status revup_adamw(int64_t count, float learning_rate, float beta1, float beta2, float epsilon,
                         float weight_decay, int64_t step, float gradient_scale, const float *gradient,
                         float *first_moment, float *second_moment, float *weights) {
  return guarded([&] {
    require_count(count, "count");
    require_non_negative(learning_rate, "learning_rate");
    require_decay_rate(beta1, "beta1");
    require_decay_rate(beta2, "beta2");
    require_non_negative(epsilon, "epsilon");
    require_non_negative(weight_decay, "weight_decay");
    if (step < 1) fail("step is " + std::to_string(step) + "; it must be at least 1");
    if (count == 0) return;
    require_pointer(gradient, "gradient");
    require_pointer(first_moment, "first_moment");
    require_pointer(second_moment, "second_moment");
    require_pointer(weights, "weights");
    // In double: 1 - beta^step cancels when step is small.
    const double correction1 = 1 - std::pow(static_cast<double>(beta1), static_cast<double>(step));
    const double correction2 = 1 - std::pow(static_cast<double>(beta2), static_cast<double>(step));
    const float step_size = static_cast<float>(static_cast<double>(learning_rate) / correction1);
    const float root_scale = static_cast<float>(1 / std::sqrt(correction2));
    const float decay = 1 - learning_rate * weight_decay;
    parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const float g = gradient_scale * gradient[i];
        const float m = beta1 * first_moment[i] + (1 - beta1) * g;
        const float v = beta2 * second_moment[i] + (1 - beta2) * g * g;
        first_moment[i] = m;
        second_moment[i] = v;
        weights[i] = decay * weights[i] - step_size * m / (std::sqrt(v) * root_scale + epsilon);
      }
    });
  });
}
