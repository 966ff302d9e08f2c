// Products of small matrices on tensor cores: 16 x 8 results of a warp, with float32 sums. Both products see their
// factors as rows of 32-bit words: a word has two neighbouring bfloat16, or one TF32, of the summed dimension. Lane
// 4 g + t holds words t and t + 4 of rows g and g + 8 of the first factor (a[0], a[1]; then a[2], a[3]) and of column g
// of the second (b[0], b[1]). Its results are columns 2 t and 2 t + 1 of row g (d[0], d[1]) and row g + 8 (d[2], d[3]).
#pragma once

#include "launch.cuh"

namespace revup {

constexpr int kMatrixRows = 16, kMatrixColumns = 8, kMatrixWords = 8;

// A build without tensor cores has these three of its own.
#ifndef __CUSHIM__

// A float32 with 10 bits behind the leading one; ties away from zero.
__device__ inline unsigned to_tf32(float value) {
  unsigned rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(value));
  return rounded;
}

// d += a b. All lanes of the warp call it.
__device__ inline void multiply_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ inline void multiply_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#endif

}  // namespace revup
