// The largest of some values.
#pragma once

#include <cmath>
#include <cstdint>

namespace revup {

// Leaves NaN out; -infinity where there is nothing else.
inline float largest(int64_t count, const float *x) {
  float best = -INFINITY;
#pragma omp simd reduction(max : best)
  for (int64_t c = 0; c < count; ++c) best = x[c] > best ? x[c] : best;
  return best;
}

}  // namespace revup
