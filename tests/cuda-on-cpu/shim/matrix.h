// The matrix products of a warp, which native/cuda/matrix.cuh describes, and the rounding of their factors.
#pragma once

#include <cmath>

#include "intrinsics.h"
#include "warp.h"

namespace cushim {

// What a lane holds of d += a b.
struct Fragments {
  float *d;
  const uint32_t *a, *b;
};

inline void multiply(WarpOperation operation, float *d, const uint32_t *a, const uint32_t *b) {
  Fragments fragments{d, a, b};
  position.block->exchange(0xffffffffu, operation, reinterpret_cast<uintptr_t>(&fragments), lane());
}

// The products of all lanes: exact, summed in double, and rounded once when they are added to d.
void multiply(WarpOperation operation, const Fragments *const (&lanes)[warp_lanes]);

}  // namespace cushim

namespace revup {

inline unsigned to_tf32(float value) {
  const unsigned bits = __float_as_uint(value);
  return std::isfinite(value) ? (bits + 0x1000u) & ~0x1fffu : bits;
}

inline void multiply_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  cushim::multiply(cushim::WarpOperation::multiply_bf16, d, a, b);
}

inline void multiply_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  cushim::multiply(cushim::WarpOperation::multiply_tf32, d, a, b);
}

}  // namespace revup
