// The largest value of a row. Neighbouring lanes of a warp share a row: as many as it has values for, so that rows of
// few values do not leave a warp idle.
#pragma once

#include <math.h>

#include "reduce.cuh"

namespace revup {

// A value and where it is; the first of equals is the larger. Starts below everything, at an index that no row has.
struct Largest {
  float value;
  long long index;

  __device__ void offer(float other_value, long long other_index) {
    const bool is_first_of_equals = other_value == value && other_index < index;
    if (other_value > value || is_first_of_equals) {  // false for a NaN
      value = other_value;
      index = other_index;
    }
  }
};

// Lanes that share a row: the least power of two that is not below `values`, at most a warp.
__device__ inline int row_lanes(long long values) {
  int lanes = 1;
  while (lanes < values && lanes < kWarp) lanes *= 2;
  return lanes;
}

// Over one row; the same in each of its lanes. All lanes of the warp call it, each with its own row. Index `values` of
// a row of NaN.
__device__ inline Largest largest(long long values, const float *row, int lanes) {
  Largest best{-INFINITY, values};
  for (long long i = threadIdx.x % lanes; i < values; i += lanes) best.offer(row[i], i);
  for (int offset = lanes / 2; offset > 0; offset /= 2) {
    const float value = __shfl_xor_sync(kAllLanes, best.value, offset);
    const long long index = __shfl_xor_sync(kAllLanes, best.index, offset);
    best.offer(value, index);
  }
  return best;
}

// The sum over the lanes of a row, in each of them. All lanes of the warp call it.
__device__ inline double row_sum(double value, int lanes) {
  for (int offset = lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(kAllLanes, value, offset);
  return value;
}

}  // namespace revup
