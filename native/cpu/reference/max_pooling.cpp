#include <cmath>

#include "../../include/revup_reference.h"

namespace {

struct Axis {
  int64_t input, window, stride, padding;
  int64_t output() const { return (input + 2 * padding - window) / stride + 1; }
};

// Calls visit(output index, index of the maximum in the input) for every output.
template <typename Visit>
void for_maxima(const revup_pool_geometry &geometry, const double *x, Visit visit) {
  const int32_t rank = geometry.input.rank;
  const auto axis = [&](int32_t i) {
    return Axis{geometry.input.extent[i], geometry.window[i], geometry.stride[i], geometry.padding[i]};
  };
  const Axis depth = rank == 3 ? axis(0) : Axis{1, 1, 1, 0}, height = axis(rank - 2), width = axis(rank - 1);
  const int64_t channels = geometry.input.channels;
  int64_t y_index = 0;
  for (int64_t n = 0; n < geometry.input.batch; ++n) {
    for (int64_t od = 0; od < depth.output(); ++od) {
      for (int64_t oh = 0; oh < height.output(); ++oh) {
        for (int64_t ow = 0; ow < width.output(); ++ow) {
          for (int64_t c = 0; c < channels; ++c) {
            int64_t best = -1;
            for (int64_t kd = 0; kd < depth.window; ++kd) {
              for (int64_t kh = 0; kh < height.window; ++kh) {
                for (int64_t kw = 0; kw < width.window; ++kw) {
                  const int64_t d = od * depth.stride - depth.padding + kd;
                  const int64_t h = oh * height.stride - height.padding + kh;
                  const int64_t w = ow * width.stride - width.padding + kw;
                  const bool inside =
                      d >= 0 && d < depth.input && h >= 0 && h < height.input && w >= 0 && w < width.input;
                  const int64_t index = (((n * depth.input + d) * height.input + h) * width.input + w) * channels + c;
                  if (inside && (best < 0 || x[index] > x[best] || std::isnan(x[index]))) best = index;
                }
              }
            }
            visit(y_index++, best);
          }
        }
      }
    }
  }
}

}  // namespace

void revup_reference_max_pool_forward(const revup_pool_geometry *geometry, const double *x, double *y) {
  for_maxima(*geometry, x, [=](int64_t y_index, int64_t x_index) { y[y_index] = x[x_index]; });
}

void revup_reference_max_pool_backward(const revup_pool_geometry *geometry, const double *x, const double *dy,
                                       double *dx) {
  int64_t count = geometry->input.batch * geometry->input.channels;
  for (int32_t i = 0; i < geometry->input.rank; ++i) count *= geometry->input.extent[i];
  for (int64_t i = 0; i < count; ++i) dx[i] = 0;
  for_maxima(*geometry, x, [=](int64_t y_index, int64_t x_index) { dx[x_index] += dy[y_index]; });
}
