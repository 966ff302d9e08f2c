// The fully connected layer: three matrix products on oneDNN and the column sums of its bias.
#include <algorithm>
#include <limits>

#include "onednn.h"

namespace {

using revup::fail;
using revup::require_pointer;
using revup::onednn::Desc;
using revup::onednn::Dims;
namespace onednn = revup::onednn;

// The rows x columns matrix at `data`, row-major.
dnnl::memory matrix(int64_t rows, int64_t columns, const float *data) {
  return onednn::wrap(Desc({rows, columns}, dnnl::memory::data_type::f32, Dims{columns, 1}), data);
}

// The columns x rows transpose of the above, without moving anything.
dnnl::memory transposed(int64_t rows, int64_t columns, const float *data) {
  return onednn::wrap(Desc({columns, rows}, dnnl::memory::data_type::f32, Dims{1, columns}), data);
}

// Products are described again on each call: that takes 3-8 us once oneDNN's own cache knows the sizes. Any scratch is
// oneDNN's, and freed with the primitive.

// c = a * b + bias, one row added to every row.
void multiply_add(const dnnl::memory &a, const dnnl::memory &b, const dnnl::memory &bias, const dnnl::memory &c) {
  const auto product = onednn::describe<dnnl::matmul>(
      nullptr, {}, std::tuple(a.get_desc(), b.get_desc(), bias.get_desc(), c.get_desc()));
  onednn::execute(dnnl::matmul(product),
                  {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, c}});
}

// c = a * b, or c += a * b.
void multiply(const dnnl::memory &a, const dnnl::memory &b, const dnnl::memory &c, bool accumulate = false) {
  dnnl::primitive_attr attributes;
  if (accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1);
    attributes.set_post_ops(sum);
  }
  const auto product =
      onednn::describe<dnnl::matmul>(nullptr, attributes, std::tuple(a.get_desc(), b.get_desc(), c.get_desc()));
  onednn::execute(dnnl::matmul(product), {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
}

// sums[c] += the sum of column c, accumulated in double over the rows in order.
void add_column_sums(int64_t rows, int64_t columns, const float *values, float *sums) {
  constexpr int64_t width = 16;  // columns that one thread sums side by side, one cache line of each row
  revup::for_each_item((columns + width - 1) / width, [=](int64_t group, int) {
    const int64_t first = group * width;
    const int64_t present = std::min(width, columns - first);
    double totals[width] = {};
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t i = 0; i < present; ++i) totals[i] += values[row * columns + first + i];
    }
    for (int64_t i = 0; i < present; ++i) sums[first + i] = static_cast<float>(sums[first + i] + totals[i]);
  });
}

void require_extent(int64_t value, const char *name) {
  // oneDNN's kernels hold single extents in 32 bits; two such extents at 4 bytes an element fit in 64.
  constexpr int64_t most = std::numeric_limits<int32_t>::max() / 2;
  if (value < 1 || value > most) {
    fail(std::string(name) + " is " + std::to_string(value) + "; it must lie in 1.." + std::to_string(most));
  }
}

// The body of both functions, after the checks they share. An empty batch does nothing.
template <typename Body>
revup_status guarded_product(int64_t batch, int64_t inputs, int64_t outputs, Body body) noexcept {
  return revup::guarded([&] {
    revup::require_count(batch, "batch");
    require_extent(inputs, "inputs");
    require_extent(outputs, "outputs");
    if (batch == 0) return;
    require_extent(batch, "batch");
    const onednn::ThreadCount count(
        onednn::threads_for(static_cast<double>(batch) * static_cast<double>(inputs * outputs)));
    onednn::translated(
        [&] {
          return "linear layer of " + std::to_string(batch) + "x" + std::to_string(inputs) + " to " +
                 std::to_string(outputs) + " outputs";
        },
        body);
  });
}

}  // namespace

revup_status revup_linear_forward(int64_t batch, int64_t inputs, int64_t outputs, const float *x, const float *w,
                                  const float *bias, float *y) {
  return guarded_product(batch, inputs, outputs, [&] {
    require_pointer(x, "x");
    require_pointer(w, "w");
    require_pointer(bias, "bias");
    require_pointer(y, "y");
    multiply_add(matrix(batch, inputs, x), transposed(outputs, inputs, w), matrix(1, outputs, bias),
                 matrix(batch, outputs, y));
  });
}

revup_status revup_linear_backward(int64_t batch, int64_t inputs, int64_t outputs, const float *x, const float *w,
                                   const float *dy, float *dx, float *dw, float *dbias) {
  return guarded_product(batch, inputs, outputs, [&] {
    require_pointer(x, "x");
    require_pointer(w, "w");
    require_pointer(dy, "dy");
    require_pointer(dx, "dx");
    require_pointer(dw, "dw");
    require_pointer(dbias, "dbias");
    multiply(matrix(batch, outputs, dy), matrix(outputs, inputs, w), matrix(batch, inputs, dx));
    multiply(transposed(batch, outputs, dy), matrix(batch, inputs, x), matrix(outputs, inputs, dw), true);
    add_column_sums(batch, outputs, dy, dbias);
  });
}
