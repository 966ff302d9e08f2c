// Weight updates of all parameter groups: one pass over gradient, state and weights.
#include <cmath>

#include "parallel.h"
#include "status.h"

namespace revup {
namespace {

// A group starts aligned in every buffer, and no vector reaches from one into the next.
constexpr int64_t kGroupElements = REVUP_ALIGNMENT / sizeof(float);

// Rounded as the update takes it: what is below 1 in double may be 1 there.
void require_hyperparameter(double value, const std::string &name, float bound, const char *range) {
  const float rounded = static_cast<float>(value);
  if (!(rounded >= 0 && rounded < bound)) fail(name + " is " + std::to_string(value) + "; it must be " + range);
}

void require_non_negative(double value, const std::string &name) {
  require_hyperparameter(value, name, INFINITY, "finite and not negative");
}

void require_decay_rate(double value, const std::string &name) {
  require_hyperparameter(value, name, 1.0f, "at least 0 and less than 1");
}

void require_flag(double value, const std::string &name) {
  if (value != 0 && value != 1) fail(name + " is " + std::to_string(value) + "; it must be 0 or 1");
}

// A direction is gradient_part * d + momentum_part * m, with Nesterov's momentum and without.
struct Momentum {
  float momentum, gradient_scale, gradient_part, momentum_part;
};

Momentum checked_momentum(const revup_optimizer_settings *settings) {
  require_decay_rate(settings->momentum, "momentum");
  require_flag(settings->nesterov, "nesterov");
  const float momentum = static_cast<float>(settings->momentum);
  const bool nesterov = settings->nesterov == 1;
  return {momentum, static_cast<float>(settings->gradient_scale), nesterov ? 1.0f : 0.0f, nesterov ? momentum : 1.0f};
}

const revup_parameter_group *groups_of(const revup_optimizer_settings *settings) {
  return reinterpret_cast<const revup_parameter_group *>(settings + 1);
}

// Elements of all groups together.
int64_t require_groups(int64_t groups, const revup_optimizer_settings *settings) {
  require_count(groups, "groups");
  if (groups == 0) return 0;
  require_scalar(settings, "settings");
  require_flag(settings->skip, "skip");
  double begin = 0;
  for (int64_t i = 0; i < groups; ++i) {
    const revup_parameter_group &group = groups_of(settings)[i];
    const std::string of = " of group " + std::to_string(i);
    const bool is_boundary = i == groups - 1 || std::fmod(group.end, kGroupElements) == 0;
    if (!(group.end >= begin && group.end < 0x1p53 && group.end == std::floor(group.end) && is_boundary)) {
      fail("end" + of + " is " + std::to_string(group.end) + "; it must be a whole number from " +
           std::to_string(begin) + " on and, but for the last, a multiple of " + std::to_string(kGroupElements));
    }
    require_non_negative(group.learning_rate, "learning_rate" + of);
    require_non_negative(group.weight_decay, "weight_decay" + of);
    begin = group.end;
  }
  return settings->skip == 1 ? 0 : static_cast<int64_t>(begin);
}

// update(begin, end, learning_rate, weight_decay) over parts of the groups.
template <typename Update>
void for_each_group(int64_t groups, const revup_optimizer_settings *settings, Update update) {
  int64_t first = 0;
  for (int64_t i = 0; i < groups; ++i) {
    const revup_parameter_group &group = groups_of(settings)[i];
    const int64_t last = static_cast<int64_t>(group.end);
    const float learning_rate = static_cast<float>(group.learning_rate);
    const float weight_decay = static_cast<float>(group.weight_decay);
    parallel_for(last - first,
                 [=](int64_t begin, int64_t end) { update(first + begin, first + end, learning_rate, weight_decay); });
    first = last;
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_sgd(int64_t groups, const revup_optimizer_settings *settings, const float *gradient,
                       float *momentum_buffer, float *weights) {
  return guarded([&] {
    const int64_t count = require_groups(groups, settings);
    if (groups == 0) return;
    const Momentum rule = checked_momentum(settings);
    if (count == 0) return;
    require_pointer(gradient, "gradient");
    require_pointer(momentum_buffer, "momentum_buffer");
    require_pointer(weights, "weights");
    for_each_group(groups, settings, [=](int64_t begin, int64_t end, float learning_rate, float weight_decay) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const float d = rule.gradient_scale * gradient[i] + weight_decay * weights[i];
        const float m = rule.momentum * momentum_buffer[i] + d;
        momentum_buffer[i] = m;
        weights[i] -= learning_rate * (rule.gradient_part * d + rule.momentum_part * m);
      }
    });
  });
}

revup_status revup_momentum_direction(int64_t groups, const revup_optimizer_settings *settings, float *gradient,
                                      float *momentum_buffer) {
  return guarded([&] {
    const int64_t count = require_groups(groups, settings);
    if (groups == 0) return;
    const Momentum rule = checked_momentum(settings);
    if (count == 0) return;
    require_pointer(gradient, "gradient");
    require_pointer(momentum_buffer, "momentum_buffer");
    parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        const float d = rule.gradient_scale * gradient[i];
        const float m = rule.momentum * momentum_buffer[i] + d;
        momentum_buffer[i] = m;
        gradient[i] = rule.gradient_part * d + rule.momentum_part * m;
      }
    });
  });
}

revup_status revup_descend(int64_t groups, const revup_optimizer_settings *settings, const float *direction,
                           float *weights) {
  return guarded([&] {
    const int64_t count = require_groups(groups, settings);
    if (count == 0) return;
    require_pointer(direction, "direction");
    require_pointer(weights, "weights");
    for_each_group(groups, settings, [=](int64_t begin, int64_t end, float learning_rate, float weight_decay) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) weights[i] -= learning_rate * (direction[i] + weight_decay * weights[i]);
    });
  });
}

revup_status revup_adam_w(int64_t groups, const revup_optimizer_settings *settings, const float *gradient,
                          float *first_moment, float *second_moment, float *weights) {
  return guarded([&] {
    const int64_t count = require_groups(groups, settings);
    if (groups == 0) return;
    require_decay_rate(settings->beta1, "beta1");
    require_decay_rate(settings->beta2, "beta2");
    require_non_negative(settings->epsilon, "epsilon");
    for (const double correction : {settings->correction1, settings->correction2}) {
      if (!(correction > 0 && correction <= 1)) {
        fail("correction1 and correction2 are " + std::to_string(settings->correction1) + " and " +
             std::to_string(settings->correction2) + "; they must be above 0 and at most 1");
      }
    }
    if (count == 0) return;
    require_pointer(gradient, "gradient");
    require_pointer(first_moment, "first_moment");
    require_pointer(second_moment, "second_moment");
    require_pointer(weights, "weights");
    const float beta1 = static_cast<float>(settings->beta1), beta2 = static_cast<float>(settings->beta2);
    const float epsilon = static_cast<float>(settings->epsilon);
    const float gradient_scale = static_cast<float>(settings->gradient_scale);
    const float root_scale = static_cast<float>(1 / std::sqrt(settings->correction2));
    const double correction1 = settings->correction1;
    for_each_group(groups, settings, [=](int64_t begin, int64_t end, float learning_rate, float weight_decay) {
      const float step_size = static_cast<float>(static_cast<double>(learning_rate) / correction1);
      const float decay = 1 - learning_rate * weight_decay;
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
