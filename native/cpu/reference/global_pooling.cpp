#include "../../include/revup_reference.h"

namespace {

int64_t positions(const revup_shape &shape) {
  int64_t product = 1;
  for (int32_t i = 0; i < shape.rank; ++i) product *= shape.extent[i];
  return product;
}

}  // namespace

void revup_reference_global_average_pool_forward(const revup_shape *shape, const double *x, double *y) {
  const int64_t count = positions(*shape), channels = shape->channels;
  for (int64_t n = 0; n < shape->batch; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t p = 0; p < count; ++p) sum += x[(n * count + p) * channels + c];
      y[n * channels + c] = sum / static_cast<double>(count);
    }
  }
}

void revup_reference_global_average_pool_backward(const revup_shape *shape, const double *dy, double *dx) {
  const int64_t count = positions(*shape), channels = shape->channels;
  for (int64_t n = 0; n < shape->batch; ++n) {
    for (int64_t p = 0; p < count; ++p) {
      for (int64_t c = 0; c < channels; ++c) {
        dx[(n * count + p) * channels + c] = dy[n * channels + c] / static_cast<double>(count);
      }
    }
  }
}
