// The naive twin of linear.cpp.
#include "oracle.h"

REVUP_ORACLE void revup_reference_linear_forward(int64_t batch, int64_t inputs, int64_t outputs, const double *x,
                                                 const double *w, const double *bias, double *y) {
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = bias[o];
      for (int64_t i = 0; i < inputs; ++i) sum += x[n * inputs + i] * w[o * inputs + i];
      y[n * outputs + o] = sum;
    }
  }
}

REVUP_ORACLE void revup_reference_linear_backward(int64_t batch, int64_t inputs, int64_t outputs, const double *x,
                                                  const double *w, const double *dy, double *dx, double *dw,
                                                  double *dbias) {
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t i = 0; i < inputs; ++i) dx[n * inputs + i] = 0;
    for (int64_t o = 0; o < outputs; ++o) {
      const double gradient = dy[n * outputs + o];
      dbias[o] += gradient;
      for (int64_t i = 0; i < inputs; ++i) {
        dx[n * inputs + i] += gradient * w[o * inputs + i];
        dw[o * inputs + i] += gradient * x[n * inputs + i];
      }
    }
  }
}
