#include <cmath>
#include <vector>

#include "oracle.h"

namespace {

struct Rotation {
  int64_t upper, lower;
};

// In the order of the angles.
std::vector<Rotation> rotations(int64_t channels) {
  std::vector<Rotation> list;
  for (int64_t distance = 1; distance < channels; distance *= 2) {
    for (int64_t c = 0; c + distance < channels; ++c) {
      if (c / distance % 2 == 0) list.push_back({c, c + distance});
    }
  }
  return list;
}

void rotate(int64_t channels, const Rotation &rotation, double angle, double *matrix) {
  for (int64_t j = 0; j < channels; ++j) {
    double &upper = matrix[rotation.upper * channels + j], &lower = matrix[rotation.lower * channels + j];
    const double x = upper, y = lower;
    upper = std::cos(angle) * x - std::sin(angle) * y;
    lower = std::sin(angle) * x + std::cos(angle) * y;
  }
}

}  // namespace

REVUP_ORACLE void revup_reference_channel_rotations_forward(int64_t channels, const double *angles, double *matrix) {
  for (int64_t i = 0; i < channels * channels; ++i) matrix[i] = i % (channels + 1) == 0 ? 1 : 0;
  const std::vector<Rotation> list = rotations(channels);
  for (size_t k = 0; k < list.size(); ++k) rotate(channels, list[k], angles[k], matrix);
}

REVUP_ORACLE void revup_reference_channel_rotations_backward(int64_t channels, const double *angles, double *matrix,
                                                             double *matrix_gradient, double *gradient) {
  const std::vector<Rotation> list = rotations(channels);
  for (size_t k = list.size(); k-- > 0;) {
    for (int64_t j = 0; j < channels; ++j) {
      const int64_t upper = list[k].upper * channels + j, lower = list[k].lower * channels + j;
      gradient[k] += matrix_gradient[lower] * matrix[upper] - matrix_gradient[upper] * matrix[lower];
    }
    rotate(channels, list[k], -angles[k], matrix);
    rotate(channels, list[k], -angles[k], matrix_gradient);
  }
}
