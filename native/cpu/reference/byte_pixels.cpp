#include "oracle.h"

// A change is a row of ten numbers here.
REVUP_ORACLE void revup_reference_byte_pixels(int64_t batch, int64_t positions, int64_t channels, int64_t width,
                                              const double *x, const double *table, const double *changes, double *y) {
  const auto inside = [width](const double *box, int64_t p) {
    const double row = static_cast<double>(p / width), column = static_cast<double>(p % width);
    return row >= box[0] && column >= box[1] && row < box[2] && column < box[3];
  };
  const auto value = [=](int64_t n, int64_t p, int64_t c) {
    if (changes != nullptr && inside(changes + n * 10 + 2, p)) return 0.0;
    return table[c * 256 + static_cast<int64_t>(x[(n * positions + p) * channels + c])];
  };
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t p = 0; p < positions; ++p) {
      for (int64_t c = 0; c < channels; ++c) {
        double &to = y[(n * positions + p) * channels + c];
        to = value(n, p, c);
        if (changes == nullptr) continue;
        const double *of = changes + n * 10;
        const double weight = inside(of + 6, p) ? 0 : of[1];
        to = weight * to + (1 - weight) * value(static_cast<int64_t>(of[0]), p, c);
      }
    }
  }
}
