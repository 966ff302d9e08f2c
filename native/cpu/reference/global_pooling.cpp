#include "oracle.h"

REVUP_ORACLE void revup_reference_global_average_pool_forward(int64_t batch, int64_t positions, int64_t channels,
                                                              const double *x, double *y) {
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t p = 0; p < positions; ++p) sum += x[(n * positions + p) * channels + c];
      y[n * channels + c] = sum / static_cast<double>(positions);
    }
  }
}

REVUP_ORACLE void revup_reference_global_average_pool_backward(int64_t batch, int64_t positions, int64_t channels,
                                                               const double *dy, double *dx) {
  for (int64_t i = 0; i < batch * positions * channels; ++i) {
    dx[i] = dy[i / (positions * channels) * channels + i % channels] / static_cast<double>(positions);
  }
}
