// The pointwise functions with Lipschitz constant 1, and the dispatch from revup_activation to them.
#pragma once

#include <string>

#include "exponential.h"
#include "status.h"

namespace revup {

// value: act(t). gradient: g * act'(t), a selection where act' is 0 or 1, so that 0 * infinity cannot arise.
struct Identity {
  static float value(float t) { return t; }
  static float gradient(float, float g) { return g; }
};

struct Relu {
  static float value(float t) { return t < 0.0f ? 0.0f : t; }  // lets a NaN pass
  static float gradient(float t, float g) { return t > 0.0f ? g : 0.0f; }
};

struct Elu {
  static float value(float t) { return t > 0.0f ? t : exponential_minus_one(t); }
  static float gradient(float t, float g) { return t > 0.0f ? g : g * exponential(t); }
};

template <typename Body>
void with_activation(revup_activation activation, Body body) {
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
