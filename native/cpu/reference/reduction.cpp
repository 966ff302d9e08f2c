#include "../../include/revup_reference.h"

void revup_reference_axpy(int64_t count, double alpha, const double *x, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] += alpha * x[i];
}

double revup_reference_sum(int64_t count, const double *x) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i];
  return sum;
}

double revup_reference_dot(int64_t count, const double *x, const double *y) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += x[i] * y[i];
  return sum;
}
