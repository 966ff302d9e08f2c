#include "oracle.h"

REVUP_ORACLE void revup_reference_axpy(int64_t count, double alpha, const double *x, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] += alpha * x[i];
}

REVUP_ORACLE void revup_reference_dot(int64_t count, const double *x, const double *y, double *result) {
  *result = 0;
  for (int64_t i = 0; i < count; ++i) *result += x[i] * y[i];
}
