// Zero-padded channels and dropping them again; halves of the channels.
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

// False when there is nothing to do.
bool checked_halves(int64_t rows, int64_t channels, const float *x, const float *first, const float *second) {
  require_count(rows, "rows");
  require_count(channels, "channels");
  if (element_count({rows, channels, 2}, "x") == 0) return false;
  require_pointer(x, "x");
  require_pointer(first, "first");
  require_pointer(second, "second");
  return true;
}

void copy_row(int64_t channels, const float *from, float *to) {
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) to[c] = from[c];
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_split_channels(int64_t rows, int64_t channels, const float *x, float *first, float *second) {
  return guarded([&] {
    if (!checked_halves(rows, channels, x, first, second)) return;
    parallel_for_items(rows, 2 * channels, [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        copy_row(channels, x + 2 * row * channels, first + row * channels);
        copy_row(channels, x + (2 * row + 1) * channels, second + row * channels);
      }
    });
  });
}

revup_status revup_merge_channels(int64_t rows, int64_t channels, const float *first, const float *second, float *x) {
  return guarded([&] {
    if (!checked_halves(rows, channels, x, first, second)) return;
    parallel_for_items(rows, 2 * channels, [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        copy_row(channels, first + row * channels, x + 2 * row * channels);
        copy_row(channels, second + row * channels, x + (2 * row + 1) * channels);
      }
    });
  });
}

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
