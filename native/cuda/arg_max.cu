// Labels from logits.
#include "largest.cuh"

using namespace revup;

// labels[row] = index of the row's largest logit, the first of equals; 65535 where all are NaN.
// Geometry: RowPerWarp over rows; rows of at most 16 logits share a warp.
// Bytes per logit: 4 read; 2 written per row. Accumulator: none. Deterministic. Restrictions: at most 65535 classes.
extern "C" __global__ void __launch_bounds__(kThreads)
    arg_max(long long rows, long long classes, const float *logits, unsigned short *labels) {
  const int lanes = row_lanes(classes), lane = threadIdx.x % lanes;
  // All lanes of a warp take the same number of turns: they meet in `largest`.
  const long long first = global_thread() / kWarp * kWarp / lanes, stride = grid_threads() / lanes;
  for (long long start = first; start < rows; start += stride) {
    const long long row = start + threadIdx.x % kWarp / lanes;
    const Largest best = largest(classes, logits + (row < rows ? row : rows - 1) * classes, lanes);
    if (lane == 0 && row < rows) labels[row] = static_cast<unsigned short>(best.index < classes ? best.index : 65535);
  }
}
KERNEL_EXPORT(arg_max)
