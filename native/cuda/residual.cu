// The residual stream of an invertible block: forward, and one step back by fixed-point iteration.
#include "activation.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

template <int sign, typename Z>
__device__ void add_branch(long long n, const float *x, const Z *z, const float *s, float *y) {
  const float scale = sign * *s;
  for_each_pack<pack_width<float, Z>>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(x + i);
    const Floats<w> branch = load<w>(z + i);
    for (int k = 0; k < w; ++k) values.at[k] += scale * branch.at[k];
    store(values, y + i);
  });
}

__device__ void add_branch_ahead(long long n, const float *x, const bf16 *z, const float *s, float *y, int activation,
                                 const float *a, const float *b, bf16 *p) {
  const float scale = s == nullptr ? 1.0f : *s, shift = *a, bias = *b;
  with_activation(activation, [=](auto act) {
    for_each_pack<8, decltype(act)::kRun>(n, [=](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      Floats<w> values = {};
      if (x != nullptr) values = load<w>(x + i);
      const Floats<w> branch = load<w>(z + i);
      for (int k = 0; k < w; ++k) values.at[k] += scale * branch.at[k];
      store(values, y + i);
      store(activated<decltype(act)>(values, shift, bias), p + i);
    });
  });
}

// One pack: returns x_next and adds the squared norms of x_next - x and of x_next to sums.
template <int w, typename Z>
__device__ Floats<w> iterate_pack(const float *y, const Z *z, float scale, const float *x, double (&sums)[2]) {
  Floats<w> values = load<w>(y);
  const Floats<w> branch = load<w>(z), previous = x == nullptr ? values : load<w>(x);
  float pack_sums[2] = {};
  for (int k = 0; k < w; ++k) {
    const float next = values.at[k] - scale * branch.at[k], change = next - previous.at[k];
    values.at[k] = next;
    pack_sums[0] += change * change;
    pack_sums[1] += next * next;
  }
  sums[0] += static_cast<double>(pack_sums[0]);
  sums[1] += static_cast<double>(pack_sums[1]);
  return values;
}

template <typename Z>
__device__ void iterate(long long n, int adds, const float *y, const Z *z, const float *s, const float *x,
                        float *x_next, double *statistics, double *partials, unsigned *counter) {
  const float scale = *s;
  double sums[2] = {};
  for_each_pack<pack_width<float, Z>>(n, [&](auto width, long long i) {
    store(iterate_pack<decltype(width)::value>(y + i, z + i, scale, x + i, sums), x_next + i);
  });
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  for (int i = 0; i < 2; ++i) statistics[i] = adds == 0 ? sums[i] : statistics[i] + sums[i];
}

__device__ void iterate_ahead(long long n, const float *y, const bf16 *z, const float *s, const float *x, float *x_next,
                              double *statistics, int activation, const float *a, const float *b, bf16 *p,
                              double *partials, unsigned *counter) {
  const float scale = *s, shift = *a, bias = *b;
  double sums[2] = {};
  with_activation(activation, [&](auto act) {
    for_each_pack<8, decltype(act)::kRun>(n, [&](auto width, long long i) {
      const auto values = iterate_pack<decltype(width)::value>(y + i, z + i, scale, x == nullptr ? x : x + i, sums);
      store(values, x_next + i);
      store(activated<decltype(act)>(values, shift, bias), p + i);
    });
  });
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  for (int i = 0; i < 2; ++i) statistics[i] = sums[i];
}

}  // namespace
}  // namespace revup

using namespace revup;

// y = x + s * z, s a scalar on the device.
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16.
// Bytes per element: 4 + sizeof(Z) read, 4 written. Accumulator: none. Deterministic.
// Restrictions: y may alias x, and z if that is float32.
#define RESIDUAL_ADD(Z)                                                                         \
  extern "C" __global__ void __launch_bounds__(kThreads)                                        \
      residual_add_##Z(long long count, const float *x, const Z *z, const float *s, float *y) { \
    add_branch<1>(count, x, z, s, y);                                                           \
  }                                                                                             \
  KERNEL_EXPORT(residual_add_##Z)

RESIDUAL_ADD(f32)
RESIDUAL_ADD(bf16)

// y = x - s * z, s a scalar on the device.
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16.
// Bytes per element: 4 + sizeof(Z) read, 4 written. Accumulator: none. Deterministic.
// Restrictions: y may alias x, and z if that is float32.
#define RESIDUAL_SUBTRACT(Z)                                                                         \
  extern "C" __global__ void __launch_bounds__(kThreads)                                             \
      residual_subtract_##Z(long long count, const float *x, const Z *z, const float *s, float *y) { \
    add_branch<-1>(count, x, z, s, y);                                                               \
  }                                                                                                  \
  KERNEL_EXPORT(residual_subtract_##Z)

RESIDUAL_SUBTRACT(f32)
RESIDUAL_SUBTRACT(bf16)

// x_next = y - s * z;  statistics = {sum((x_next - x)^2), sum(x_next^2)}, added when adds is 1
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16. At most 1024 blocks.
// Bytes per element: 8 + sizeof(Z) read, 4 written.
// Accumulator: float32 over one pack, double from there on. Deterministic for one grid size.
// Restrictions: x_next may alias y, x, and z if that is float32.
#define FIXED_POINT_STEP(Z)                                                                                       \
  extern "C" __global__ void __launch_bounds__(kThreads)                                                          \
      fixed_point_step_##Z(long long count, int adds, const float *y, const Z *z, const float *s, const float *x, \
                           float *x_next, double *statistics, double *partials, unsigned *counter) {              \
    iterate(count, adds, y, z, s, x, x_next, statistics, partials, counter);                                      \
  }                                                                                                               \
  KERNEL_EXPORT(fixed_point_step_##Z)

FIXED_POINT_STEP(f32)
FIXED_POINT_STEP(bf16)

// y = x + s * z;  p = act(y + a) + b, the pre-activation of what reads y next.      (x null: 0; s null: 1)
// Geometry: Elementwise over y; 8 elements per thread and step.
// Bytes per element: 6 read, 6 written; 2 read without x. Accumulator: none. Deterministic.
// Restrictions: count is even for MaxMin; y may alias x, and p may alias z.
extern "C" __global__ void __launch_bounds__(kThreads)
    residual_add_ahead(long long count, const float *x, const bf16 *z, const float *s, float *y, int activation,
                       const float *a, const float *b, bf16 *p) {
  add_branch_ahead(count, x, z, s, y, activation, a, b, p);
}
KERNEL_EXPORT(residual_add_ahead)

// x_next = y - s * z;  p = act(x_next + a) + b;  statistics = {sum((x_next - x)^2), sum(x_next^2)}      (x null: y)
// Geometry: Elementwise over y; 8 elements per thread and step. At most 1024 blocks.
// Bytes per element: 10 read, 6 written; 6 read without x.
// Accumulator: float32 over one pack, double from there on. Deterministic for one grid size.
// Restrictions: count is even for MaxMin; x_next may alias y and x, and p may alias z.
extern "C" __global__ void __launch_bounds__(kThreads)
    fixed_point_step_ahead(long long count, const float *y, const bf16 *z, const float *s, const float *x,
                           float *x_next, double *statistics, int activation, const float *a, const float *b, bf16 *p,
                           double *partials, unsigned *counter) {
  iterate_ahead(count, y, z, s, x, x_next, statistics, activation, a, b, p, partials, counter);
}
KERNEL_EXPORT(fixed_point_step_ahead)
