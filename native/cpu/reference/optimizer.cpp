#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_sgd(int64_t count, double learning_rate, double momentum, double weight_decay,
                                      int32_t nesterov, double gradient_scale, const double *gradient,
                                      double *momentum_buffer, double *weights) {
  for (int64_t i = 0; i < count; ++i) {
    const double d = gradient_scale * gradient[i] + weight_decay * weights[i];
    momentum_buffer[i] = momentum * momentum_buffer[i] + d;
    weights[i] -= learning_rate * (nesterov != 0 ? d + momentum * momentum_buffer[i] : momentum_buffer[i]);
  }
}

REVUP_ORACLE void revup_reference_momentum_direction(int64_t count, double momentum, int32_t nesterov,
                                                     double gradient_scale, double *gradient, double *momentum_buffer) {
  for (int64_t i = 0; i < count; ++i) {
    const double d = gradient_scale * gradient[i];
    momentum_buffer[i] = momentum * momentum_buffer[i] + d;
    gradient[i] = nesterov != 0 ? d + momentum * momentum_buffer[i] : momentum_buffer[i];
  }
}

REVUP_ORACLE void revup_reference_descend(int64_t count, double learning_rate, double weight_decay,
                                          const double *direction, double *weights) {
  for (int64_t i = 0; i < count; ++i) weights[i] -= learning_rate * (direction[i] + weight_decay * weights[i]);
}

REVUP_ORACLE void revup_reference_adam_w(int64_t count, double learning_rate, double beta1, double beta2,
                                         double epsilon, double weight_decay, int64_t step, double gradient_scale,
                                         const double *gradient, double *first_moment, double *second_moment,
                                         double *weights) {
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  for (int64_t i = 0; i < count; ++i) {
    const double g = gradient_scale * gradient[i];
    first_moment[i] = beta1 * first_moment[i] + (1 - beta1) * g;
    second_moment[i] = beta2 * second_moment[i] + (1 - beta2) * g * g;
    weights[i] *= 1 - learning_rate * weight_decay;
    weights[i] -= learning_rate / correction1 * first_moment[i] / (std::sqrt(second_moment[i] / correction2) + epsilon);
  }
}
