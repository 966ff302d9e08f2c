// The residual stream of an invertible block: forward, and one step back by fixed-point iteration.
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

template <typename Z>
__device__ void iterate(long long n, int adds, const float *y, const Z *z, const float *s, const float *x,
                        float *x_next, double *statistics, double *partials, unsigned *counter) {
  const float scale = *s;
  double sums[2] = {};  // squared norms of x_next - x and of x_next
  for_each_pack<pack_width<float, Z>>(n, [&](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(y + i);
    const Floats<w> branch = load<w>(z + i), previous = load<w>(x + i);
    float pack_sums[2] = {};
    for (int k = 0; k < w; ++k) {
      const float next = values.at[k] - scale * branch.at[k], change = next - previous.at[k];
      values.at[k] = next;
      pack_sums[0] += change * change;
      pack_sums[1] += next * next;
    }
    store(values, x_next + i);
    sums[0] += static_cast<double>(pack_sums[0]);
    sums[1] += static_cast<double>(pack_sums[1]);
  });
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  for (int i = 0; i < 2; ++i) statistics[i] = adds == 0 ? sums[i] : statistics[i] + sums[i];
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
