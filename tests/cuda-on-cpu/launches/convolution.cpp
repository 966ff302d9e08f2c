// Convolutions: whole packs of channels and odd ones, groups, and sums in several slices.
#include "launches.h"

namespace launches {
namespace {

struct Shape {
  long long batch, in, out, groups, extents[3], kernel[3], stride[3], padding[3];

  long long output(int axis) const { return (extents[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1; }
  size_t inputs() const { return batch * extents[0] * extents[1] * extents[2] * in; }
  size_t outputs() const { return batch * output(0) * output(1) * output(2) * out; }
  size_t weights() const { return out * kernel[0] * kernel[1] * kernel[2] * in / groups; }
};

// Weights are small beside x and y, of which the headers tell. One tile has all positions.
constexpr Shape shapes[] = {
    {1, 16, 16, 1, {1, 16, 8}, {1, 3, 1}, {1, 1, 1}, {0, 1, 0}},
    {2, 3, 3, 1, {4, 5, 3}, {1, 3, 1}, {1, 1, 1}, {0, 1, 0}},
    {1, 18, 18, 2, {5, 6, 4}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
};

}  // namespace

void add_convolutions(Table &table) {
  constexpr unsigned threads = 256;
  constexpr long long samples = 20;
  for (const Type type : types) {
    table.add(name("convolution_numbers", {type}), 2, 64, 75LL, 1LL, 1.0f, table.tensor(type, 75));
    for (const Shape &shape : shapes) {
      if (shape.batch == 2 && type == Type::bf16) continue;
      if (shape.groups == 2 && type == Type::f32) continue;
      const long long parts = shape.in == 16 ? 2 : 1;
      void *const x = table.tensor(type, shape.inputs()), *const weights = table.tensor(type, shape.weights());
      void *const y = table.tensor(type, shape.outputs());
      float *const dw = table.floats(parts * shape.weights());
      const auto add_to = [&](const std::string &kernel, unsigned blocks, auto... more) {
        const auto &[d, h, w] = shape.extents;
        const auto &[kernel_d, kernel_h, kernel_w] = shape.kernel;
        const auto &[stride_d, stride_h, stride_w] = shape.stride;
        const auto &[padding_d, padding_h, padding_w] = shape.padding;
        table.add(kernel, blocks, threads, shape.batch, shape.in, shape.out, shape.groups, d, h, w, kernel_d, kernel_h,
                  kernel_w, stride_d, stride_h, stride_w, padding_d, padding_h, padding_w, more...);
      };
      const auto add = [&](const char *kernel, unsigned blocks, auto... more) {
        add_to(name(kernel, {type}), blocks, more...);
      };
      const auto groups = static_cast<unsigned>(shape.groups);
      const auto taps = static_cast<unsigned>(shape.kernel[0] * shape.kernel[1] * shape.kernel[2]);
      add("convolution_forward", groups, 0, x, weights, y);
      add("convolution_backward_data", groups, 0, y, weights, x);
      add("convolution_backward_weights", groups * taps * static_cast<unsigned>(parts), 0, parts, x, y, dw);
      if (type == Type::f32) add("convolution_forward", groups, 1, x, weights, y);
      float *const stream = table.floats(shape.outputs()), *const previous = table.floats(shape.outputs());
      float *const s = table.floats(1), *const a = table.floats(1), *const b = table.floats(1);
      void *const ahead = table.tensor(type, shape.outputs());
      double *const statistics = table.doubles(2);
      add("convolution_residual_add", groups, 0, x, weights, stream, s, stream, 1, a, b, ahead);
      add("convolution_fixed_point_step", groups, 0, x, weights, stream, s, previous, stream, statistics, 2, a, b,
          ahead, table.partials(), table.counter());
      if (type == Type::bf16) {
        add_to("convolution_preactivation_forward", groups, 0, x, weights, 2, a, b, y);
        const auto add_gradient = [&](Type dx_type, void *residual) {
          add_to(name("convolution_preactivation_gradient", {dx_type}), groups, 0, y, weights, 2, x, b, s, residual,
                 residual, ahead, a, b, table.partials(), table.counter());
        };
        add_gradient(Type::f32, stream);
        add_gradient(Type::bf16, table.tensor(type, shape.outputs()));
      }
      const void *const none = nullptr;
      float *const wrong = table.floats(samples);
      add("convolution_errors", 1, 0, samples, 0.1, 0.1, x, weights, y, none, wrong);
      add("convolution_errors", 1, 1, samples, 0.1, 0.1, y, weights, x, none, wrong);
      add("convolution_errors", 1, 2, samples, 0.1, 0.1, x, y, none, dw, wrong);
    }
  }
  constexpr long long count = 30, parts = 2;
  table.add("convolution_weights_sum", 2, 64, count, parts, table.floats(parts * count), table.floats(count));
}

}  // namespace launches
