// y = act(x + a) + b and its gradients. Memory-bound: one pass, every operand read or written once.
#include "preactivation.h"

#include "status.h"

namespace revup {
namespace {

// One chunk; returns the sums of scale * dy and of scale * dy * act'(x + a).
template <typename Activation, bool has_residual, typename X, typename DY, typename DX>
std::array<double, 2> backward(int64_t begin, int64_t end, const X *x, float a, const DY *dy, float scale,
                               const DX *residual, DX *dx) {
  double sum_b = 0, sum_a = 0;
#pragma omp simd reduction(+ : sum_a, sum_b)
  for (int64_t i = begin; i < end; i += Activation::kRun) {
    float t[Activation::kRun], g[Activation::kRun];
    for (int64_t k = 0; k < Activation::kRun; ++k) {
      t[k] = load(x[i + k]) + a;
      g[k] = scale * load(dy[i + k]);
      sum_b += static_cast<double>(g[k]);
    }
    Activation::gradient(t, g);
    for (int64_t k = 0; k < Activation::kRun; ++k) {
      sum_a += static_cast<double>(g[k]);
      store(has_residual ? load(residual[i + k]) + g[k] : g[k], dx[i + k]);
    }
  }
  return {sum_b, sum_a};
}

// The same for all elements, with the pointers still untyped.
template <typename Activation, typename X, typename DY, typename DX>
std::array<double, 2> backward(int64_t count, const void *x, float a, const void *dy, float scale, const void *residual,
                               void *dx) {
  const auto chunk =
      residual == nullptr ? backward<Activation, false, X, DY, DX> : backward<Activation, true, X, DY, DX>;
  return parallel_sum<2>(count, [=](int64_t begin, int64_t end) {
    return chunk(begin, end, static_cast<const X *>(x), a, static_cast<const DY *>(dy), scale,
                 static_cast<const DX *>(residual), static_cast<DX *>(dx));
  });
}

// The same from y = act(t) + b instead of x.
template <typename Function, typename DX>
std::array<double, 2> gradient(int64_t begin, int64_t end, const bfloat16 *y, float b, const bfloat16 *dy, float scale,
                               const DX *residual, DX *dx, bfloat16 *narrow) {
  double sum_b = 0, sum_a = 0;
  bfloat16 stored;
  store(b, stored);
  const float rounded = load(stored);
  for (int64_t i = begin; i < end; ++i) {
    const float g = scale * load(dy[i]), d = Function::gradient_of_result(load(y[i]), b, rounded, g);
    const float result = residual == nullptr ? d : load(residual[i]) + d;
    sum_b += static_cast<double>(g);
    sum_a += static_cast<double>(d);
    store(result, dx[i]);
    if (narrow != nullptr) store(result, narrow[i]);
  }
  return {sum_b, sum_a};
}

void add_sums(const std::array<double, 2> &sums, float *sum_a, float *sum_b) {
  if (sum_b != nullptr) *sum_b += static_cast<float>(sums[0]);
  if (sum_a != nullptr) *sum_a += static_cast<float>(sums[1]);
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_preactivation_forward(int64_t count, revup_activation activation, revup_type x_type, const void *x,
                                         const float *a, const float *b, revup_type y_type, void *y) {
  return guarded([&] {
    require_count(count, "count");
    require_type(x_type, "x_type");
    require_type(y_type, "y_type");
    with_activation(activation, count, "count", [&](auto act) {
      if (count == 0) return;
      require_pointer(x, "x");
      require_scalar(a, "a");
      require_scalar(b, "b");
      require_pointer(y, "y");
      with_type(x_type, [&](auto x_tag) {
        with_type(y_type, [&](auto y_tag) {
          using X = decltype(x_tag);
          using Y = decltype(y_tag);
          preactivate<decltype(act)>(count, static_cast<const X *>(x), *a, *b, static_cast<Y *>(y));
        });
      });
    });
  });
}

revup_status revup_preactivation_backward(int64_t count, revup_activation activation, revup_type x_type, const void *x,
                                          const float *a, revup_type dy_type, const void *dy, const float *scale,
                                          const void *residual, revup_type dx_type, void *dx, float *sum_a,
                                          float *sum_b) {
  return guarded([&] {
    require_count(count, "count");
    require_type(x_type, "x_type");
    require_type(dy_type, "dy_type");
    require_type(dx_type, "dx_type");
    std::array<double, 2> sums{};
    with_activation(activation, count, "count", [&](auto act) {
      if (count == 0) return;
      require_pointer(x, "x");
      require_scalar(a, "a");
      require_pointer(dy, "dy");
      if (scale != nullptr) require_scalar(scale, "scale");
      if (residual != nullptr) require_pointer(residual, "residual");
      require_pointer(dx, "dx");
      if (sum_a != nullptr) require_scalar(sum_a, "sum_a");
      if (sum_b != nullptr) require_scalar(sum_b, "sum_b");
      const float factor = scale == nullptr ? 1.0f : *scale;
      with_type(x_type, [&](auto x_tag) {
        with_type(dy_type, [&](auto dy_tag) {
          with_type(dx_type, [&](auto dx_tag) {
            using X = decltype(x_tag);
            using DY = decltype(dy_tag);
            using DX = decltype(dx_tag);
            sums = backward<decltype(act), X, DY, DX>(count, x, *a, dy, factor, residual, dx);
          });
        });
      });
    });
    if (count > 0) add_sums(sums, sum_a, sum_b);
  });
}

revup_status revup_preactivation_gradient(int64_t count, revup_activation activation, const revup_bfloat16 *y,
                                          const float *b, const revup_bfloat16 *dy, const float *scale,
                                          const void *residual, revup_type dx_type, void *dx, revup_bfloat16 *narrow,
                                          float *sum_a, float *sum_b) {
  return guarded([&] {
    require_count(count, "count");
    require_type(dx_type, "dx_type");
    with_pointwise(activation, [&](auto act) {
      if (count == 0) return;
      require_pointer(y, "y");
      require_scalar(b, "b");
      require_pointer(dy, "dy");
      if (scale != nullptr) require_scalar(scale, "scale");
      if (residual != nullptr) require_pointer(residual, "residual");
      require_pointer(dx, "dx");
      if (narrow != nullptr) require_pointer(narrow, "narrow");
      if (sum_a != nullptr) require_scalar(sum_a, "sum_a");
      if (sum_b != nullptr) require_scalar(sum_b, "sum_b");
      const auto *value = reinterpret_cast<const bfloat16 *>(y);
      const auto *given = reinterpret_cast<const bfloat16 *>(dy);
      auto *rounded = reinterpret_cast<bfloat16 *>(narrow);
      const float bias = *b, factor = scale == nullptr ? 1.0f : *scale;
      with_type(dx_type, [&](auto tag) {
        using DX = decltype(tag);
        const DX *added = static_cast<const DX *>(residual);
        DX *result = static_cast<DX *>(dx);
        const auto sums = parallel_sum<2>(count, [=](int64_t begin, int64_t end) {
          return gradient<decltype(act)>(begin, end, value, bias, given, factor, added, result, rounded);
        });
        add_sums(sums, sum_a, sum_b);
      });
    });
  });
}
