// Checked shapes of activations; two spatial dimensions are three with a depth of one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "status.h"

namespace revup {

// `values` has rank entries, outermost first; the depth that rank 2 lacks is `missing`.
struct Extents {
  int64_t depth, height, width;

  Extents(int32_t rank, const int64_t *values, int64_t missing)
      : depth(rank == 3 ? values[0] : missing), height(values[rank - 2]), width(values[rank - 1]) {}
};

// Product of non-negative factors, in float32 elements whose bytes still fit in int64_t.
inline int64_t element_count(std::initializer_list<int64_t> factors, const char *name) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (factor == 0) return 0;
  }
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product) || product > INT64_MAX / 8) {
      fail(std::string(name) + " has more elements than 64-bit byte offsets can address; reduce its dimensions");
    }
  }
  return product;
}

inline void require_shape(const revup_shape &shape, const char *name) {
  const std::string prefix(name);
  if (shape.rank != 2 && shape.rank != 3) {
    fail(prefix + ".rank is " + std::to_string(shape.rank) + "; it must be 2 or 3");
  }
  if (shape.reserved != 0) {
    fail(prefix + ".reserved is " + std::to_string(shape.reserved) + "; it must be 0");
  }
  require_count(shape.batch, (prefix + ".batch").c_str());
  require_count(shape.channels, (prefix + ".channels").c_str());
  for (int32_t i = 0; i < shape.rank; ++i) {
    require_count(shape.extent[i], (prefix + ".extent[" + std::to_string(i) + "]").c_str());
  }
}

inline int64_t element_count(const revup_shape &shape, const char *name) {
  const Extents extents(shape.rank, shape.extent, 1);
  return element_count({shape.batch, extents.depth, extents.height, extents.width, shape.channels}, name);
}

}  // namespace revup
