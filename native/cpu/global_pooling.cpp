// Global average pooling: sums in double, in a fixed order of the positions.
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

// Channels that one thread sums side by side: runs long enough to prefetch, sums few enough for the first-level cache.
constexpr int64_t kBlock = 256;

struct Pool {
  int64_t batch, positions, channels;
};

// Checks the sizes; batch is 0 when there is nothing to do.
Pool checked_pool(int64_t batch, int64_t positions, int64_t channels) {
  require_count(batch, "batch");
  require_count(positions, "positions");
  require_count(channels, "channels");
  if (element_count({batch, positions, channels}, "x") == 0) return {0, 0, 0};
  return {batch, positions, channels};
}

void average(const Pool &pool, int64_t n, int64_t first, int64_t width, const float *x, float *y) {
  double sums[kBlock] = {};
  const int64_t row = pool.channels;
  const float *from = x + n * pool.positions * row + first;
  int64_t p = 0;
  // Four positions at a time: otherwise loading and storing the sums takes longer than reading x.
  for (; p + 4 <= pool.positions; p += 4, from += 4 * row) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const double pair = static_cast<double>(from[c]) + static_cast<double>(from[c + row]);
      const double next_pair = static_cast<double>(from[c + 2 * row]) + static_cast<double>(from[c + 3 * row]);
      sums[c] += pair + next_pair;
    }
  }
  for (; p < pool.positions; ++p, from += row) {
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) sums[c] += static_cast<double>(from[c]);
  }
  for (int64_t c = 0; c < width; ++c) {
    y[n * pool.channels + first + c] = static_cast<float>(sums[c] / static_cast<double>(pool.positions));
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_global_average_pool_forward(int64_t batch, int64_t positions, int64_t channels, const float *x,
                                               float *y) {
  return guarded([&] {
    const Pool pool = checked_pool(batch, positions, channels);
    if (pool.batch == 0) return;
    require_pointer(x, "x");
    require_pointer(y, "y");
    const int64_t blocks = (pool.channels + kBlock - 1) / kBlock;
    parallel_for_items(pool.batch * blocks, pool.positions * kBlock, [=](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t first = item % blocks * kBlock;
        average(pool, item / blocks, first, std::min(kBlock, pool.channels - first), x, y);
      }
    });
  });
}

revup_status revup_global_average_pool_backward(int64_t batch, int64_t positions, int64_t channels, const float *dy,
                                                float *dx) {
  return guarded([&] {
    const Pool pool = checked_pool(batch, positions, channels);
    if (pool.batch == 0) return;
    require_pointer(dy, "dy");
    require_pointer(dx, "dx");
    const float share = static_cast<float>(1.0 / static_cast<double>(pool.positions));
    parallel_for_items(pool.batch * pool.positions, pool.channels, [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const float *from = dy + row / pool.positions * pool.channels;
        float *to = dx + row * pool.channels;
#pragma omp simd
        for (int64_t c = 0; c < pool.channels; ++c) to[c] = from[c] * share;
      }
    });
  });
}
