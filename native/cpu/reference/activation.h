// The activations and the products of their transposed Jacobians with a gradient, in float64.
#pragma once

#include <algorithm>
#include <cmath>

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

}  // namespace revup
