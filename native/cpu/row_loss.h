// Losses of which each row of a batch is one: checked arguments, and the sums over the rows.
#pragma once

#include <array>
#include <cstdint>

#include "parallel.h"
#include "shape.h"

namespace revup {

struct RowResult {
  double loss, measure;
};

// The matrix of outputs, as the caller names it in messages.
struct Rows {
  int64_t batch, width;
  const char *width_name;
  const float *values;
  const char *values_name;
};

// statistics += {sum of losses, sum of measures} of evaluate(values, targets, gradient) for each row; gradient may be
// null. The order of the sums does not depend on the number of threads.
template <typename Evaluate>
void add_row_losses(const Rows &rows, const float *targets, float *gradient, double *statistics, Evaluate evaluate) {
  require_count(rows.batch, "batch");
  require_count(rows.width, rows.width_name);
  if (element_count({rows.batch, rows.width}, rows.values_name) == 0) return;
  require_pointer(rows.values, rows.values_name);
  require_pointer(targets, "targets");
  if (gradient != nullptr) require_pointer(gradient, "gradient");
  require_scalar(statistics, "statistics");
  const int64_t width = rows.width;
  const float *const values = rows.values;
  const auto sums = parallel_sum_items<2>(rows.batch, width, [=](int64_t begin, int64_t end) {
    std::array<double, 2> sum{};
    for (int64_t row = begin * width; row < end * width; row += width) {
      const RowResult result = evaluate(values + row, targets + row, gradient == nullptr ? nullptr : gradient + row);
      sum[0] += result.loss;
      sum[1] += result.measure;
    }
    return sum;
  });
  statistics[0] += sums[0];
  statistics[1] += sums[1];
}

}  // namespace revup
