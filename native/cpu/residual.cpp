// The residual stream of an invertible block: forward, and one step back by fixed-point iteration.
#include "preactivation.h"
#include "status.h"

namespace revup {
namespace {

// One chunk; returns the squared norms of x_next - x and of x_next.
template <typename Z>
std::array<double, 2> fixed_point_step(int64_t begin, int64_t end, const float *y, const Z *z, float s, const float *x,
                                       float *x_next) {
  double difference = 0, norm = 0;
#pragma omp simd reduction(+ : difference, norm)
  for (int64_t i = begin; i < end; ++i) {
    const float next = y[i] - s * load(z[i]);
    const double change = static_cast<double>(next) - static_cast<double>(x[i]);
    difference += change * change;
    norm += static_cast<double>(next) * static_cast<double>(next);
    x_next[i] = next;
  }
  return {difference, norm};
}

// p = act(x + a) + b in the types of a stream and of a branch. The arguments were checked.
template <typename Activation>
void write_ahead(int64_t count, const float *x, const float *a, const float *b, revup_bfloat16 *p) {
  preactivate<Activation>(count, x, *a, *b, reinterpret_cast<bfloat16 *>(p));
}

void require_ahead(const float *a, const float *b, const revup_bfloat16 *p) {
  require_scalar(a, "a");
  require_scalar(b, "b");
  require_pointer(p, "p");
}

// y = x + sign * s * z
template <int sign>
void add_branch(int64_t count, const float *x, revup_type z_type, const void *z, const float *s, float *y) {
  require_count(count, "count");
  require_type(z_type, "z_type");
  if (count == 0) return;
  require_pointer(x, "x");
  require_pointer(z, "z");
  require_scalar(s, "s");
  require_pointer(y, "y");
  with_type(z_type, [&](auto z_tag) {
    using Z = decltype(z_tag);
    const Z *branch = static_cast<const Z *>(z);
    parallel_for(count, [=, scale = sign * *s](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) y[i] = x[i] + scale * load(branch[i]);
    });
  });
}

// y = s * z      (s null: 1)
void begin_stream(int64_t count, const revup_bfloat16 *z, const float *s, float *y) {
  require_pointer(z, "z");
  require_pointer(y, "y");
  const bfloat16 *branch = reinterpret_cast<const bfloat16 *>(z);
  parallel_for(count, [=, scale = s == nullptr ? 1.0f : *s](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] = scale * load(branch[i]);
  });
}

// x_next = y - s * z with its statistics
void iterate(int64_t count, int32_t adds, const float *y, revup_type z_type, const void *z, const float *s,
             const float *x, float *x_next, double *statistics) {
  require_count(count, "count");
  require(adds == 0 || adds == 1, "adds must be 0 or 1");
  require_type(z_type, "z_type");
  if (count == 0) return;
  require_pointer(y, "y");
  require_pointer(z, "z");
  require_scalar(s, "s");
  require_pointer(x, "x");
  require_pointer(x_next, "x_next");
  require_scalar(statistics, "statistics");
  with_type(z_type, [&](auto z_tag) {
    using Z = decltype(z_tag);
    const Z *branch = static_cast<const Z *>(z);
    const auto sums = parallel_sum<2>(count, [=, scale = *s](int64_t begin, int64_t end) {
      return fixed_point_step(begin, end, y, branch, scale, x, x_next);
    });
    for (int i = 0; i < 2; ++i) statistics[i] = adds == 0 ? sums[i] : statistics[i] + sums[i];
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_residual_add(int64_t count, const float *x, revup_type z_type, const void *z, const float *s,
                                float *y) {
  return guarded([&] { add_branch<1>(count, x, z_type, z, s, y); });
}

revup_status revup_residual_subtract(int64_t count, const float *x, revup_type z_type, const void *z, const float *s,
                                     float *y) {
  return guarded([&] { add_branch<-1>(count, x, z_type, z, s, y); });
}

revup_status revup_fixed_point_step(int64_t count, int32_t adds, const float *y, revup_type z_type, const void *z,
                                    const float *s, const float *x, float *x_next, double *statistics) {
  return guarded([&] { iterate(count, adds, y, z_type, z, s, x, x_next, statistics); });
}

// Pass after pass: p may be z, of which nothing is read any more.
revup_status revup_residual_add_ahead(int64_t count, const float *x, const revup_bfloat16 *z, const float *s, float *y,
                                      revup_activation activation, const float *a, const float *b, revup_bfloat16 *p) {
  return guarded([&] {
    require_count(count, "count");
    with_activation(activation, count, "count", [&](auto act) {
      if (count == 0) return;
      require_ahead(a, b, p);
      if (x == nullptr) {
        begin_stream(count, z, s, y);
      } else {
        const float one = 1;
        add_branch<1>(count, x, REVUP_BFLOAT16, z, s == nullptr ? &one : s, y);
      }
      write_ahead<decltype(act)>(count, y, a, b, p);
    });
  });
}

revup_status revup_fixed_point_step_ahead(int64_t count, const float *y, const revup_bfloat16 *z, const float *s,
                                          const float *x, float *x_next, double *statistics,
                                          revup_activation activation, const float *a, const float *b,
                                          revup_bfloat16 *p) {
  return guarded([&] {
    require_count(count, "count");
    with_activation(activation, count, "count", [&](auto act) {
      if (count == 0) return;
      require_ahead(a, b, p);
      iterate(count, 0, y, REVUP_BFLOAT16, z, s, x == nullptr ? y : x, x_next, statistics);
      write_ahead<decltype(act)>(count, x_next, a, b, p);
    });
  });
}
