// The activations and the products of their transposed Jacobians with a gradient, in float64.
#pragma once

#include <algorithm>
#include <cmath>

#include "../bfloat16.h"
#include "oracle.h"

namespace revup {

// The other element that element i of the result depends on: for MaxMin its neighbour, otherwise itself.
inline int64_t reference_partner(revup_activation activation, int64_t i) {
  return activation == REVUP_MAX_MIN ? (i % 2 == 0 ? i + 1 : i - 1) : i;
}

// Element i of act(t), from its t and its partner's.
inline double reference_value(revup_activation activation, int64_t i, double t, double partner) {
  if (activation == REVUP_MAX_MIN) return i % 2 == 0 ? std::max(t, partner) : std::min(t, partner);
  if (t > 0 || activation == REVUP_IDENTITY) return t;
  return activation == REVUP_RELU ? 0 : std::expm1(t);
}

// The gradient of element i of t, from the gradients of act(t) at i and at its partner.
inline double reference_gradient(revup_activation activation, int64_t i, double t, double partner, double g,
                                 double partner_g) {
  if (activation == REVUP_MAX_MIN) {
    const bool stays = i % 2 == 0 ? t >= partner : t <= partner;
    return stays ? g : partner_g;
  }
  if (t > 0 || activation == REVUP_IDENTITY) return g;
  return activation == REVUP_RELU ? 0 : g * std::exp(t);
}

// b in bfloat16, rounded to nearest even; b is a float32 number.
inline double reference_rounded(double b) {
  bfloat16 rounded;
  store(static_cast<float>(b), rounded);
  return static_cast<double>(load(rounded));
}

// The same gradient from y = act(t) + b, y in bfloat16. Not for MaxMin.
inline double reference_gradient_of_result(revup_activation activation, double y, double b, double g) {
  if (activation == REVUP_RELU) return y > reference_rounded(b) ? g : 0;
  if (activation == REVUP_IDENTITY || y > b) return g;
  return g * std::max(y - b + 1, 0.0);
}

}  // namespace revup
