// exp and exp - 1 that vectorise, for arguments up to 88 (above, the result is meaningless but defined).
#pragma once

#include <cmath>

#include "bfloat16.h"

namespace revup {

// x = n ln 2 + r with |r| <= ln(2)/2. power = 2^n, fraction = e^r - 1; together they give e^x = power + power *
// fraction.
struct Exponential {
  float power, fraction;

  explicit Exponential(float x) {
    // Below ln(2^-126) 2^n would need a subnormal. Written so that a NaN passes.
    const float clamped = x < kLowest ? kLowest : x;
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum.
    constexpr float kRound = 12582912.0f;
    const float shifted = std::fma(clamped, 1.44269504f, kRound);
    const float n = shifted - kRound;
    const float r = std::fma(n, 1.90465421e-9f, std::fma(n, -0.693147182f, clamped));
    power = float_of((bits_of(shifted) + 127) << 23);
    // (e^r - 1 - r) / r^2 interpolated at Chebyshev nodes: 0.4 of half an ulp before rounding.
    float q = 1.39261922e-3f;
    q = std::fma(q, r, 8.36318638e-3f);
    q = std::fma(q, r, 4.16665561e-2f);
    q = std::fma(q, r, 1.66665763e-1f);
    q = std::fma(q, r, 0.5f);
    fraction = std::fma(q, r * r, r);
  }

  static constexpr float kLowest = -87.3365402f;
};

// e^x within 2 ulp; 0 where it would be subnormal.
inline float exponential(float x) {
  const Exponential e(x);
  return x < Exponential::kLowest ? 0.0f : std::fma(e.power, e.fraction, e.power);
}

// e^x - 1 within 2 ulp of itself, however small x is.
inline float exponential_minus_one(float x) {
  const Exponential e(x);
  return std::fma(e.power, e.fraction, e.power - 1.0f);
}

}  // namespace revup
