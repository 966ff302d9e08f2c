// The naive twin of convolution.cpp: every multiplication of a convolution done once, in float64.
#include <algorithm>

#include "convolution.h"

namespace {

// A rank-2 geometry as a rank-3 one whose depth is 1, with its output extents.
struct Volume {
  int64_t input[3] = {1, 1, 1}, kernel[3] = {1, 1, 1}, stride[3] = {1, 1, 1}, padding[3] = {}, output[3] = {1, 1, 1};

  explicit Volume(const revup_convolution_geometry &geometry) {
    for (int i = 0; i < geometry.rank; ++i) {
      const int axis = 3 - geometry.rank + i;
      input[axis] = geometry.input[i];
      kernel[axis] = geometry.kernel[i];
      stride[axis] = geometry.stride[i];
      padding[axis] = geometry.padding[i];
      output[axis] = (input[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1;
    }
  }
};

int64_t product(const int64_t (&extents)[3]) { return extents[0] * extents[1] * extents[2]; }

// Calls visit(src index, weight index, dst index) for every product src * weight that is added to dst: once for the
// products of a group's input channels, which lie side by side in src and in the weights.
template <typename Visit>
void for_each_run(const revup_convolution_geometry &geometry, const Volume &volume, Visit visit) {
  const int64_t *const in = volume.input, *const out = volume.output, *const taps = volume.kernel;
  const int64_t group_in = geometry.in_channels / geometry.groups, group_out = geometry.out_channels / geometry.groups;
  for (int64_t n = 0; n < geometry.batch; ++n) {
    for (int64_t position = 0; position < product(volume.output); ++position) {
      const int64_t at[3] = {position / (out[1] * out[2]), position / out[2] % out[1], position % out[2]};
      for (int64_t tap = 0; tap < product(volume.kernel); ++tap) {
        const int64_t offset[3] = {tap / (taps[1] * taps[2]), tap / taps[2] % taps[1], tap % taps[2]};
        int64_t from = n;
        bool inside = true;
        for (int axis = 0; axis < 3; ++axis) {
          const int64_t coordinate = at[axis] * volume.stride[axis] - volume.padding[axis] + offset[axis];
          inside = inside && coordinate >= 0 && coordinate < in[axis];
          from = from * in[axis] + coordinate;
        }
        if (!inside) continue;
        for (int64_t group = 0; group < geometry.groups; ++group) {
          for (int64_t o = group * group_out; o < (group + 1) * group_out; ++o) {
            visit(from * geometry.in_channels + group * group_in, (o * product(volume.kernel) + tap) * group_in,
                  (n * product(volume.output) + position) * geometry.out_channels + o);
          }
        }
      }
    }
  }
}

// Four sums, which the compiler keeps in one register.
double dot(const double *a, const double *b, int64_t count) {
  double sums[4] = {};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < count; ++i) sums[0] += a[i] * b[i];
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}

void add_scaled(double factor, const double *__restrict values, double *__restrict sums, int64_t count) {
  for (int64_t i = 0; i < count; ++i) sums[i] += factor * values[i];
}

}  // namespace

REVUP_ORACLE void revup_reference_convolution_fprop(const revup_convolution_geometry *geometry, const double *src,
                                                    const double *weights, double *dst) {
  const Volume volume(*geometry);
  const int64_t group_in = geometry->in_channels / geometry->groups;
  std::fill_n(dst, geometry->batch * product(volume.output) * geometry->out_channels, 0.0);
  for_each_run(*geometry, volume,
               [&](int64_t s, int64_t w, int64_t d) { dst[d] += dot(src + s, weights + w, group_in); });
}

REVUP_ORACLE void revup_reference_convolution_dgrad(const revup_convolution_geometry *geometry, const double *diff_dst,
                                                    const double *weights, double *diff_src) {
  const Volume volume(*geometry);
  const int64_t group_in = geometry->in_channels / geometry->groups;
  std::fill_n(diff_src, geometry->batch * product(volume.input) * geometry->in_channels, 0.0);
  for_each_run(*geometry, volume,
               [&](int64_t s, int64_t w, int64_t d) { add_scaled(diff_dst[d], weights + w, diff_src + s, group_in); });
}

REVUP_ORACLE void revup_reference_convolution_wgrad(const revup_convolution_geometry *geometry, const double *src,
                                                    const double *diff_dst, double *diff_weights) {
  const Volume volume(*geometry);
  const int64_t group_in = geometry->in_channels / geometry->groups;
  std::fill_n(diff_weights, geometry->out_channels * product(volume.kernel) * group_in, 0.0);
  for_each_run(*geometry, volume,
               [&](int64_t s, int64_t w, int64_t d) { add_scaled(diff_dst[d], src + s, diff_weights + w, group_in); });
}
