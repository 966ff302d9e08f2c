// From the trained angles of a channel mixing to its orthogonal matrix [C, C], and back, stage by stage, on the device.
// The twin of native/cpu/channel_rotations.cpp; revup_cpu.h has the formulas. A stage rotates rows c and c + distance;
// its pairs are numbered, and the angles of pair 0 on belong to the stage.
#include "reduce.cuh"

namespace revup {
namespace {

struct Rotation {
  float cosine, sine;

  __device__ explicit Rotation(double angle)
      : cosine(static_cast<float>(cos(angle))), sine(static_cast<float>(sin(angle))) {}

  __device__ void apply(float &upper, float &lower) const {
    const float x = upper, y = lower;
    upper = cosine * x - sine * y;
    lower = sine * x + cosine * y;
  }
};

__device__ inline long long upper_row(long long distance, long long pair) {
  return pair / distance * 2 * distance + pair % distance;
}

}  // namespace
}  // namespace revup

using namespace revup;

// matrix [C, C] = identity
// Geometry: Elementwise; one element per thread and step.
// Bytes per element: 4 written. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads) channel_rotations_begin(long long channels, float *matrix) {
  for (long long i = global_thread(); i < channels * channels; i += grid_threads()) {
    matrix[i] = i % (channels + 1) == 0 ? 1.0f : 0.0f;
  }
}
KERNEL_EXPORT(channel_rotations_begin)

// Rows c and c + distance of every pair, rotated by its angle.
// Geometry: RowPerWarp; a warp owns the two rows of a pair.
// Bytes per element: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    channel_rotations_forward(long long pairs, long long channels, long long distance, const float *angles,
                              float *matrix) {
  for (long long pair = global_thread() / kWarp; pair < pairs; pair += grid_threads() / kWarp) {
    const Rotation rotation(static_cast<double>(angles[pair]));
    float *upper = matrix + upper_row(distance, pair) * channels, *lower = upper + distance * channels;
    for (long long j = threadIdx.x % kWarp; j < channels; j += kWarp) rotation.apply(upper[j], lower[j]);
  }
}
KERNEL_EXPORT(channel_rotations_forward)

// gradient[pair] += sum over j of g'[j] * w[j] - g[j] * w'[j], with the rows w, w' of the matrix and g, g' of its
// gradient, all of which are then rotated back.
// Geometry: RowPerWarp; a warp owns the rows of a pair.
// Bytes per element: 8 read, 8 written. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    channel_rotations_backward(long long pairs, long long channels, long long distance, const float *angles,
                               float *matrix, float *matrix_gradient, float *gradient) {
  for (long long pair = global_thread() / kWarp; pair < pairs; pair += grid_threads() / kWarp) {
    const Rotation back(-static_cast<double>(angles[pair]));
    const long long row = upper_row(distance, pair) * channels;
    float *upper = matrix + row, *lower = upper + distance * channels;
    float *upper_gradient = matrix_gradient + row, *lower_gradient = upper_gradient + distance * channels;
    double sum = 0;
    for (long long j = threadIdx.x % kWarp; j < channels; j += kWarp) {
      sum += static_cast<double>(lower_gradient[j]) * static_cast<double>(upper[j]) -
             static_cast<double>(upper_gradient[j]) * static_cast<double>(lower[j]);
      back.apply(upper[j], lower[j]);
      back.apply(upper_gradient[j], lower_gradient[j]);
    }
    sum = warp_sum(sum);
    if (threadIdx.x % kWarp == 0) gradient[pair] += static_cast<float>(sum);
  }
}
KERNEL_EXPORT(channel_rotations_backward)
