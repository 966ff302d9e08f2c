// Vector arithmetic of power iteration, gradient clipping and convergence checks.
#include <cmath>

#include "parallel.h"
#include "status.h"

namespace revup {
namespace {

// Vectors in a buffer start aligned.
constexpr int64_t kVectorElements = REVUP_ALIGNMENT / sizeof(float);

// The sum of one chunk.
std::array<double, 1> dot(int64_t begin, int64_t end, const float *x, const float *y) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = begin; i < end; ++i) total += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return {total};
}

double dot(int64_t count, const float *x, const float *y) {
  return parallel_sum<1>(count, [=](int64_t begin, int64_t end) { return dot(begin, end, x, y); })[0];
}

void multiply(int64_t count, double factor, float *x) {
  parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) x[i] = static_cast<float>(static_cast<double>(x[i]) * factor);
  });
}

// Uniform in (-1, 1) from the index alone: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). The numerator is odd, so that
// no element is zero and even a vector of one element can be normalised.
void draw(int64_t count, uint64_t seed, float *y) {
  parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      uint64_t z = seed + (static_cast<uint64_t>(i) + 1) * 0x9e3779b97f4a7c15;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      z ^= z >> 31;
      const int32_t numerator = static_cast<int32_t>(z >> 40 | 1) - (1 << 23);
      y[i] = static_cast<float>(numerator) * 0x1p-23f;
    }
  });
}

// Divides x by its norm, and returns that; or draws it again, or makes it zero, and returns 0.
float normalize(int64_t count, float *x, bool draws, uint64_t seed) {
  const double length = std::sqrt(dot(count, x, x));
  if (length <= 1e-12) {  // false for a NaN, which has to stay visible
    if (!draws) {
      multiply(count, 0, x);
      return 0;
    }
    draw(count, seed, x);
    multiply(count, 1 / std::sqrt(dot(count, x, x)), x);
    return 0;
  }
  multiply(count, 1 / length, x);
  return static_cast<float>(length);
}

bool is_index(double value, double end) { return value >= 0 && value < end && value == std::floor(value); }

void require_within(const revup_vector &vector, int64_t longest, int64_t count, int64_t number) {
  const double end = static_cast<double>(count);
  const bool is_inside = is_index(vector.first, end) && std::fmod(vector.first, kVectorElements) == 0 &&
                         is_index(vector.count, end - vector.first + 1) && is_index(vector.norm, end);
  if (!is_inside) {
    fail("vector " + std::to_string(number) + " of the table has " + std::to_string(vector.count) + " elements from " +
         std::to_string(vector.first) + " and its norm at " + std::to_string(vector.norm) + "; the count is " +
         std::to_string(count) + ", and a vector starts at a multiple of " + std::to_string(kVectorElements));
  }
  if (vector.count > static_cast<double>(longest)) {
    fail("longest is " + std::to_string(longest) + "; vector " + std::to_string(number) + " of the table has " +
         std::to_string(vector.count) + " elements");
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_axpy(int64_t count, const float *alpha, const float *x, float *y) {
  return guarded([&] {
    require_count(count, "count");
    if (count == 0) return;
    if (alpha != nullptr) require_scalar(alpha, "alpha");
    require_pointer(x, "x");
    require_pointer(y, "y");
    parallel_for(count, [=, factor = alpha == nullptr ? 1.0f : *alpha](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) y[i] += factor * x[i];
    });
  });
}

revup_status revup_dot(int64_t count, const float *x, const float *y, double *result) {
  return guarded([&] {
    require_count(count, "count");
    if (count == 0) return;
    require_pointer(x, "x");
    require_pointer(y, "y");
    require_scalar(result, "result");
    *result = dot(count, x, y);
  });
}

revup_status revup_normalize_all(int64_t vectors, const revup_vector *table, int64_t longest, int32_t draws,
                                 uint64_t seed, int64_t count, float *buffer) {
  return guarded([&] {
    require_count(vectors, "vectors");
    require_count(count, "count");
    if (draws != 0 && draws != 1) fail("draws is " + std::to_string(draws) + "; it must be 0 or 1");
    if (vectors == 0 || count == 0) return;
    require_scalar(table, "table");
    for (int64_t i = 0; i < vectors; ++i) require_within(table[i], longest, count, i);
    require_pointer(buffer, "buffer");
    for (int64_t i = 0; i < vectors; ++i) {
      float *x = buffer + static_cast<int64_t>(table[i].first);
      buffer[static_cast<int64_t>(table[i].norm)] =
          normalize(static_cast<int64_t>(table[i].count), x, draws == 1, seed + static_cast<uint64_t>(i));
    }
  });
}
