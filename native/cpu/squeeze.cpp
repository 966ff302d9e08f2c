// Space-to-depth and back: copies of runs of 2C floats, the two columns dj = 0, 1 of one row of a block.
#include <cstring>

#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

// Copies a run from its place in x to its place in y (squeeze) or back. A constant length becomes a few moves inline.
template <bool forward, typename X, typename Y>
void copy_run(X *x, Y *y, int64_t run) {
  const size_t bytes = static_cast<size_t>(run) * sizeof(float);
  if constexpr (forward) {
    std::memcpy(y, x, bytes);
  } else {
    std::memcpy(x, y, bytes);
  }
}

// One item is one row of blocks: 2^(rank-1) rows of x become one row of y, written (or read) from start to end.
template <bool forward, int64_t constant_run, typename X, typename Y>
void rearrange(const revup_shape &shape, X *x, Y *y) {
  const Extents extents(shape.rank, shape.extent, 2);
  const int64_t x_rows = shape.rank == 3 ? 4 : 2;  // per block
  const int64_t height = extents.height, columns = extents.width / 2;
  const int64_t run = constant_run > 0 ? constant_run : 2 * shape.channels, x_row = columns * run;
  const int64_t y_rows = shape.batch * (shape.rank == 3 ? extents.depth / 2 : 1) * (height / 2);
  parallel_for_items(y_rows, x_rows * x_row, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      // x seen as planes of `height` rows; in 3-D the blocks of a row span two planes.
      const int64_t plane = row / (height / 2) * (x_rows / 2), i = row % (height / 2) * 2;
      X *x_at[4];  // the rows of a block, b = dk * 2 + di
      for (int64_t b = 0; b < x_rows; ++b) x_at[b] = x + ((plane + b / 2) * height + i + b % 2) * x_row;
      Y *y_at = y + row * x_rows * x_row;
      for (int64_t j = 0; j < columns; ++j) {
        for (int64_t b = 0; b < x_rows; ++b, y_at += run) copy_run<forward>(x_at[b] + j * run, y_at, run);
      }
    }
  });
}

template <bool forward, typename X, typename Y>
void rearrange(const revup_shape *shape, X *x, Y *y) {
  require_scalar(shape, "shape");
  require_shape(*shape, "shape");
  for (int32_t i = 0; i < shape->rank; ++i) {
    if (shape->extent[i] % 2 != 0) {
      fail("shape.extent[" + std::to_string(i) + "] is " + std::to_string(shape->extent[i]) +
           "; it must be even, pad the activation first");
    }
  }
  if (element_count(*shape, "shape") == 0) return;
  require_pointer(x, "x");
  require_pointer(y, "y");
  switch (shape->channels) {
    case 1:
      return rearrange<forward, 2>(*shape, x, y);
    case 3:
      return rearrange<forward, 6>(*shape, x, y);
    case 4:
      return rearrange<forward, 8>(*shape, x, y);
    case 8:
      return rearrange<forward, 16>(*shape, x, y);
    case 16:
      return rearrange<forward, 32>(*shape, x, y);
    default:
      return rearrange<forward, 0>(*shape, x, y);
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_squeeze(const revup_shape *shape, const float *x, float *y) {
  return guarded([&] { rearrange<true>(shape, x, y); });
}

revup_status revup_unsqueeze(const revup_shape *shape, const float *y, float *x) {
  return guarded([&] { rearrange<false>(shape, x, y); });
}
