#include "oracle.h"

REVUP_ORACLE void revup_reference_resize_channels(int64_t rows, int64_t x_channels, const double *x, int64_t y_channels,
                                                  double *y) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < y_channels; ++c) {
      y[row * y_channels + c] = c < x_channels ? x[row * x_channels + c] : 0;
    }
  }
}

REVUP_ORACLE void revup_reference_split_channels(int64_t rows, int64_t channels, const double *x, double *first,
                                                 double *second) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < channels; ++c) {
      first[row * channels + c] = x[2 * row * channels + c];
      second[row * channels + c] = x[(2 * row + 1) * channels + c];
    }
  }
}

REVUP_ORACLE void revup_reference_merge_channels(int64_t rows, int64_t channels, const double *first,
                                                 const double *second, double *x) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < channels; ++c) {
      x[2 * row * channels + c] = first[row * channels + c];
      x[(2 * row + 1) * channels + c] = second[row * channels + c];
    }
  }
}
