#include "oracle.h"

REVUP_ORACLE void revup_reference_arg_max(int64_t rows, int64_t classes, const double *logits, uint16_t *labels) {
  for (int64_t row = 0; row < rows; ++row) {
    labels[row] = 65535;
    double best = 0;
    for (int64_t c = 0; c < classes; ++c) {
      const double x = logits[row * classes + c];
      if (x == x && (labels[row] == 65535 || x > best)) {
        best = x;
        labels[row] = static_cast<uint16_t>(c);
      }
    }
  }
}
