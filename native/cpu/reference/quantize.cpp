#include <algorithm>
#include <cmath>

#include "oracle.h"

namespace {

constexpr double kGrid = 1.0 / 65536;

// The smallest multiple of the grid, with 8 bits of significand, whose levels reach `range`; at least the grid.
double step_of(double range, double levels) {
  const double multiple = std::max(std::ceil(range / levels / kGrid), 1.0);
  const double unit = std::max(std::exp2(std::floor(std::log2(multiple)) - 7), 1.0);
  return std::ceil(multiple / unit) * unit * kGrid;
}

}  // namespace

REVUP_ORACLE void revup_reference_quantize_begin(int64_t count, const double *x, double *decoded) {
  for (int64_t i = 0; i < count; ++i) decoded[i] = std::nearbyint(x[i] / kGrid) * kGrid;
}

// A code is a number here.
// @ codes [batch, positions, channels]
REVUP_ORACLE void revup_reference_quantize_residual(int64_t batch, int64_t positions, int64_t channels, int32_t bits,
                                                    const double *x, const double *z, double s, double *y,
                                                    double *decoded, double *codes, double *steps) {
  const double levels = bits == 4 ? 7 : 127;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      double range = 0;
      for (int64_t p = 0; p < positions; ++p) {
        const int64_t i = (n * positions + p) * channels + c;
        y[i] = x[i] + s * z[i];
        range = std::max(range, std::fabs(y[i] - decoded[i]));
      }
      const double step = step_of(range, levels);
      steps[n * channels + c] = step;
      for (int64_t p = 0; p < positions; ++p) {
        const int64_t i = (n * positions + p) * channels + c;
        codes[i] = std::nearbyint((y[i] - decoded[i]) / step);
        decoded[i] += codes[i] * step;
      }
    }
  }
}

// @ codes [batch, positions, channels]
REVUP_ORACLE void revup_reference_quantize_retrace(int64_t batch, int64_t positions, int64_t channels,
                                                   const double *codes, const double *steps, double *decoded) {
  for (int64_t i = 0; i < batch * positions * channels; ++i) {
    decoded[i] -= codes[i] * steps[i / (positions * channels) * channels + i % channels];
  }
}
