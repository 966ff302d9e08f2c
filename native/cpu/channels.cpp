// Zero-padded channels, and dropping them again.
#include "parallel.h"
#include "shape.h"

using namespace revup;

revup_status revup_resize_channels(int64_t rows, int64_t x_channels, const float *x, int64_t y_channels, float *y) {
  return guarded([&] {
    require_count(rows, "rows");
    require_count(x_channels, "x_channels");
    require_count(y_channels, "y_channels");
    const int64_t x_count = element_count({rows, x_channels}, "x");
    const int64_t y_count = element_count({rows, y_channels}, "y");
    if (y_count == 0) return;
    if (x_count != 0) require_pointer(x, "x");
    require_pointer(y, "y");
    const int64_t kept = std::min(x_channels, y_channels);
    parallel_for_items(rows, std::max(x_channels, y_channels), [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const float *from = x + row * x_channels;
        float *to = y + row * y_channels;
#pragma omp simd
        for (int64_t c = 0; c < kept; ++c) to[c] = from[c];
#pragma omp simd
        for (int64_t c = kept; c < y_channels; ++c) to[c] = 0;
      }
    });
  });
}
