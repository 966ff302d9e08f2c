// The activations and their derivatives in float64.
#pragma once

#include <cmath>

#include "../../include/revup_reference.h"

namespace revup {

inline double reference_value(revup_activation activation, double t) {
  if (t > 0 || activation == REVUP_IDENTITY) return t;
  return activation == REVUP_RELU ? 0 : std::expm1(t);
}

inline double reference_slope(revup_activation activation, double t) {
  if (t > 0 || activation == REVUP_IDENTITY) return 1;
  return activation == REVUP_RELU ? 0 : std::exp(t);
}

}  // namespace revup
