// From the trained angles of a channel mixing to its orthogonal matrix [C, C], and back, stage by stage. The pairs of a
// stage touch different rows: threads share them.
#include <cmath>

#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

// A stage rotates rows c and c + distance; its pairs are numbered.
struct Stage {
  int64_t channels, distance;

  int64_t pairs() const {
    return channels / (2 * distance) * distance + std::max<int64_t>(0, channels % (2 * distance) - distance);
  }
  int64_t upper_row(int64_t pair) const { return pair / distance * 2 * distance + pair % distance; }
};

int64_t largest_distance(int64_t channels) {
  int64_t distance = 0;
  for (int64_t next = 1; next < channels; next *= 2) distance = next;
  return distance;
}

void rotate(int64_t channels, double angle, float *upper, float *lower) {
  const float sine = static_cast<float>(std::sin(angle)), cosine = static_cast<float>(std::cos(angle));
#pragma omp simd
  for (int64_t j = 0; j < channels; ++j) {
    const float x = upper[j], y = lower[j];
    upper[j] = cosine * x - sine * y;
    lower[j] = sine * x + cosine * y;
  }
}

// Sum over j of g'[j] * w[j] - g[j] * w'[j]; the products are exact.
double angle_gradient(int64_t channels, const float *w, const float *w2, const float *g, const float *g2) {
  double sum = 0;
  for (int64_t j = 0; j < channels; ++j) {
    sum +=
        static_cast<double>(g2[j]) * static_cast<double>(w[j]) - static_cast<double>(g[j]) * static_cast<double>(w2[j]);
  }
  return sum;
}

// False when there is nothing to do.
bool checked(int64_t channels, const float *angles, const float *matrix) {
  require_count(channels, "channels");
  if (element_count({channels, channels}, "matrix") == 0) return false;
  require_pointer(matrix, "matrix");
  // One channel has no rotations.
  if (channels > 1) require_scalar(angles, "angles");
  return true;
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_channel_rotations_forward(int64_t channels, const float *angles, float *matrix) {
  return guarded([&] {
    if (!checked(channels, angles, matrix)) return;
    parallel_for_items(channels, channels, [=](int64_t begin, int64_t end) {
      std::fill(matrix + begin * channels, matrix + end * channels, 0.0f);
      for (int64_t c = begin; c < end; ++c) matrix[c * channels + c] = 1;
    });
    const float *next = angles;
    for (Stage stage{channels, 1}; stage.distance < channels; stage.distance *= 2) {
      parallel_for_items(stage.pairs(), 2 * channels, [=](int64_t begin, int64_t end) {
        for (int64_t pair = begin; pair < end; ++pair) {
          float *upper = matrix + stage.upper_row(pair) * channels;
          rotate(channels, static_cast<double>(next[pair]), upper, upper + stage.distance * channels);
        }
      });
      next += stage.pairs();
    }
  });
}

revup_status revup_channel_rotations_backward(int64_t channels, const float *angles, float *matrix,
                                              float *matrix_gradient, float *gradient) {
  return guarded([&] {
    if (!checked(channels, angles, matrix)) return;
    require_pointer(matrix_gradient, "matrix_gradient");
    if (channels > 1) require_scalar(gradient, "gradient");
    int64_t first = 0;
    for (Stage stage{channels, 1}; stage.distance < channels; stage.distance *= 2) first += stage.pairs();
    for (Stage stage{channels, largest_distance(channels)}; stage.distance > 0; stage.distance /= 2) {
      first -= stage.pairs();
      parallel_for_items(stage.pairs(), 4 * channels, [=](int64_t begin, int64_t end) {
        for (int64_t pair = begin; pair < end; ++pair) {
          const int64_t row = stage.upper_row(pair) * channels, offset = stage.distance * channels;
          float *w = matrix + row, *g = matrix_gradient + row;
          gradient[first + pair] += static_cast<float>(angle_gradient(channels, w, w + offset, g, g + offset));
          rotate(channels, -static_cast<double>(angles[first + pair]), w, w + offset);
          rotate(channels, -static_cast<double>(angles[first + pair]), g, g + offset);
        }
      });
    }
  });
}
