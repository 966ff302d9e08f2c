// The activations, functions with Lipschitz constant 1, and the dispatch from revup_activation to them.
#pragma once

#include <string>

#include "exponential.h"
#include "status.h"

namespace revup {

// value: act(t). gradient: g * act'(t), a selection where act' is 0 or 1, so that 0 * infinity cannot arise.
// gradient_of_result: the same from y = act(t) + b in bfloat16, and b rounded to it.
struct Identity {
  static float value(float t) { return t; }
  static float gradient(float, float g) { return g; }
  static float gradient_of_result(float, float, float, float g) { return g; }
};

struct Relu {
  static float value(float t) { return t < 0.0f ? 0.0f : t; }  // lets a NaN pass
  static float gradient(float t, float g) { return t > 0.0f ? g : 0.0f; }
  static float gradient_of_result(float y, float, float rounded, float g) { return y > rounded ? g : 0.0f; }
};

struct Elu {
  static float value(float t) { return t > 0.0f ? t : exponential_minus_one(t); }
  static float gradient(float t, float g) { return t > 0.0f ? g : g * exponential(t); }
  static float gradient_of_result(float y, float b, float, float g) {
    const float value = y - b, slope = value + 1.0f;  // exp(t) where t < 0
    return value > 0.0f ? g : g * (slope > 0.0f ? slope : 0.0f);
  }
};

// An activation maps runs of kRun neighbouring channels: value(t) replaces t by act(t), gradient(t, g) replaces g by
// the product of act's transposed Jacobian at t and g.
template <typename Function>
struct Pointwise {
  static constexpr int64_t kRun = 1;
  static void value(float (&t)[1]) { t[0] = Function::value(t[0]); }
  static void gradient(const float (&t)[1], float (&g)[1]) { g[0] = Function::gradient(t[0], g[0]); }
};

// (t0, t1) -> (max, min): GroupSort of 2 (arXiv 1811.05381, section 4). A permutation: it keeps the norm of g.
struct MaxMin {
  static constexpr int64_t kRun = 2;
  static void value(float (&t)[2]) { exchange_if(t[0] < t[1], t); }
  static void gradient(const float (&t)[2], float (&g)[2]) { exchange_if(t[0] < t[1], g); }

 private:
  static void exchange_if(bool exchanged, float (&pair)[2]) {
    const float first = pair[0], second = pair[1];
    pair[0] = exchanged ? second : first;
    pair[1] = exchanged ? first : second;
  }
};

// Calls body with the activation; `count`, named `name`, are the elements that come in whole runs.
template <typename Body>
void with_activation(revup_activation activation, int64_t count, const char *name, Body body) {
  switch (activation) {
    case REVUP_IDENTITY:
      return body(Pointwise<Identity>{});
    case REVUP_RELU:
      return body(Pointwise<Relu>{});
    case REVUP_ELU:
      return body(Pointwise<Elu>{});
    case REVUP_MAX_MIN:
      if (count % MaxMin::kRun != 0) {
        fail(std::string(name) + " is " + std::to_string(count) +
             "; activation 3 (MaxMin) takes neighbours in pairs, so it must be even");
      }
      return body(MaxMin{});
    default:
      fail("activation is " + std::to_string(activation) +
           "; it must be 0 (identity), 1 (ReLU), 2 (ELU) or 3 (MaxMin)");
  }
}

// The same for those whose gradient follows from their result: MaxMin's has lost the order of its t.
template <typename Body>
void with_pointwise(revup_activation activation, Body body) {
  switch (activation) {
    case REVUP_IDENTITY:
      return body(Identity{});
    case REVUP_RELU:
      return body(Relu{});
    case REVUP_ELU:
      return body(Elu{});
    default:
      fail("activation is " + std::to_string(activation) + "; it must be 0 (identity), 1 (ReLU) or 2 (ELU)");
  }
}

}  // namespace revup
