// Labels from logits.
#include "largest.h"
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

constexpr int64_t kNoLabel = 65535;

void label_rows(int64_t begin, int64_t end, int64_t classes, const float *logits, uint16_t *labels) {
  for (int64_t row = begin; row < end; ++row) {
    const float *x = logits + row * classes;
    const int64_t place = std::find(x, x + classes, largest(classes, x)) - x;
    labels[row] = static_cast<uint16_t>(place < classes ? place : kNoLabel);
  }
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_arg_max(int64_t rows, int64_t classes, const float *logits, uint16_t *labels) {
  return guarded([&] {
    require_count(rows, "rows");
    require_count(classes, "classes");
    if (classes < 1 || classes > kNoLabel) {
      fail("classes is " + std::to_string(classes) + "; labels of 16 bits name 1 to 65535");
    }
    if (element_count({rows, classes}, "rows times classes") == 0) return;
    require_pointer(logits, "logits");
    require_pointer(labels, "labels");
    parallel_for_items(rows, classes,
                       [=](int64_t begin, int64_t end) { label_rows(begin, end, classes, logits, labels); });
  });
}
