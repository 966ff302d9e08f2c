#include <cmath>

#include "activation.h"
#include "oracle.h"

namespace {

constexpr int64_t kWindow = 3, kStride = 2, kPadding = 1;

int64_t outputs(int64_t extent) { return (extent + 2 * kPadding - kWindow) / kStride + 1; }

int64_t output_count(const revup_shape &shape, int64_t channels) {
  int64_t count = shape.batch * channels;
  for (int32_t i = 0; i < shape.rank; ++i) count *= outputs(shape.extent[i]);
  return count;
}

// Calls visit(output position, channel, index of the maximum in the input) for every output.
template <typename Visit>
void for_maxima(const revup_shape &shape, const double *x, Visit visit) {
  const int64_t depth = shape.rank == 3 ? shape.extent[0] : 1, height = shape.extent[shape.rank - 2];
  const int64_t width = shape.extent[shape.rank - 1], channels = shape.channels;
  int64_t position = 0;
  for (int64_t n = 0; n < shape.batch; ++n) {
    for (int64_t od = 0; od < outputs(depth); ++od) {
      for (int64_t oh = 0; oh < outputs(height); ++oh) {
        for (int64_t ow = 0; ow < outputs(width); ++ow, ++position) {
          for (int64_t c = 0; c < channels; ++c) {
            int64_t best = -1;
            for (int64_t kd = 0; kd < kWindow; ++kd) {
              for (int64_t kh = 0; kh < kWindow; ++kh) {
                for (int64_t kw = 0; kw < kWindow; ++kw) {
                  const int64_t d = od * kStride - kPadding + kd;
                  const int64_t h = oh * kStride - kPadding + kh;
                  const int64_t w = ow * kStride - kPadding + kw;
                  const bool inside = d >= 0 && d < depth && h >= 0 && h < height && w >= 0 && w < width;
                  const int64_t index = (((n * depth + d) * height + h) * width + w) * channels + c;
                  if (inside && (best < 0 || x[index] > x[best] || std::isnan(x[index]))) best = index;
                }
              }
            }
            visit(position, c, best);
          }
        }
      }
    }
  }
}

}  // namespace

REVUP_ORACLE void revup_reference_max_pool_forward(const revup_shape *shape, const double *x, int64_t y_channels,
                                                   double *y) {
  const int64_t count = output_count(*shape, y_channels);
  for (int64_t i = 0; i < count; ++i) y[i] = 0;
  for_maxima(*shape, x,
             [=](int64_t position, int64_t c, int64_t x_index) { y[position * y_channels + c] = x[x_index]; });
}

REVUP_ORACLE void revup_reference_max_pool_forward_ahead(const revup_shape *shape, const double *x, int64_t y_channels,
                                                         double *y, revup_activation activation, double a, double b,
                                                         double *p) {
  revup_reference_max_pool_forward(shape, x, y_channels, y);
  const int64_t count = output_count(*shape, y_channels);
  for (int64_t i = 0; i < count; ++i) {
    p[i] = revup::reference_value(activation, i, y[i] + a, y[i] + a) + b;
  }
}

REVUP_ORACLE void revup_reference_max_pool_backward(const revup_shape *shape, const double *x, int64_t dy_channels,
                                                    const double *dy, double *dx) {
  int64_t count = shape->batch * shape->channels;
  for (int32_t i = 0; i < shape->rank; ++i) count *= shape->extent[i];
  for (int64_t i = 0; i < count; ++i) dx[i] = 0;
  for_maxima(*shape, x,
             [=](int64_t position, int64_t c, int64_t x_index) { dx[x_index] += dy[position * dy_channels + c]; });
}
