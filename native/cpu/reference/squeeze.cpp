#include "oracle.h"

namespace {

// Calls pair(index in x, index in y) for every element.
template <typename Pair>
void for_pairs(const revup_shape &shape, Pair pair) {
  const bool volume = shape.rank == 3;
  const int64_t block_depth = volume ? 2 : 1;
  const int64_t depth = volume ? shape.extent[0] : 1, height = shape.extent[shape.rank - 2];
  const int64_t width = shape.extent[shape.rank - 1], channels = shape.channels;
  for (int64_t n = 0; n < shape.batch; ++n) {
    for (int64_t d = 0; d < depth; ++d) {
      for (int64_t h = 0; h < height; ++h) {
        for (int64_t w = 0; w < width; ++w) {
          for (int64_t c = 0; c < channels; ++c) {
            const int64_t place = (d % block_depth * 2 + h % 2) * 2 + w % 2;
            const int64_t block = ((n * (depth / block_depth) + d / block_depth) * (height / 2) + h / 2) * (width / 2);
            const int64_t x_index = (((n * depth + d) * height + h) * width + w) * channels + c;
            pair(x_index, ((block + w / 2) * (4 * block_depth) + place) * channels + c);
          }
        }
      }
    }
  }
}

}  // namespace

REVUP_ORACLE void revup_reference_squeeze(const revup_shape *shape, const double *x, double *y) {
  for_pairs(*shape, [=](int64_t x_index, int64_t y_index) { y[y_index] = x[x_index]; });
}

REVUP_ORACLE void revup_reference_unsqueeze(const revup_shape *shape, const double *y, double *x) {
  for_pairs(*shape, [=](int64_t x_index, int64_t y_index) { x[x_index] = y[y_index]; });
}
