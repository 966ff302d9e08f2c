// The transforms of F(4x4, 3x3), Winograd's convolution of a 6x6 window with 3x3 taps to a 4x4 tile of outputs:
//   outputs = A^T [(G taps G^T) . (B^T window B)] A      (Lavin and Gray, arXiv 1509.09308)
// 36 products instead of 144. Behind them is the product of two polynomials from their values at 0, 2/3, -2/3, 3/2,
// -3/2 and infinity. Of all points +-a, +-1/a these have about the least rounding error in float32, twice a direct
// sum's; with the usual 0, +-1, +-2 it is larger still. Taps in reverse order have the values at 1/p
// instead of p: transformed weights serve dgrad as they are, with planes exchanged (mirrored_plane).
#pragma once

#include <cstdint>

namespace revup::winograd {

constexpr int64_t kTile = 4, kWindow = 6, kTaps = 3, kPlanes = kWindow * kWindow;

// Channels that are transformed together: a register of AVX-512, two of AVX2.
constexpr int64_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(4 * kLanes), may_alias));

constexpr float kNear = 2.0f / 3, kFar = 1.5f;  // a and 1/a
constexpr float kNear2 = kNear * kNear, kFar2 = kFar * kFar;

// Where the values of the reversed polynomial are: at 1/p instead of p.
constexpr int64_t mirrored(int64_t point) {
  constexpr int64_t points[kWindow] = {5, 3, 4, 1, 2, 0};
  return points[point];
}
constexpr int64_t mirrored_plane(int64_t plane) {
  return mirrored(plane / kWindow) * kWindow + mirrored(plane % kWindow);
}

// Each below transforms one line: from[0], from[from_step], ... to to[0], to[to_step], ...

// B^T: 6 inputs to 6 values.
struct InputTransform {
  static constexpr int64_t kFrom = kWindow, kTo = kWindow;
  static inline void line(const Lanes *from, int64_t from_step, Lanes *to, int64_t to_step) {
    constexpr float near = kFar / (2 * (kNear2 - kFar2)), far = kNear / (2 * (kFar2 - kNear2));
    const Lanes x1 = from[from_step], x2 = from[2 * from_step], x3 = from[3 * from_step], x4 = from[4 * from_step];
    to[0] = from[0] - (kNear2 + kFar2) * x2 + x4;
    const Lanes near_even = near * x4 - (near * kFar2) * x2, near_odd = (near * kNear) * x3 - (near * kFar) * x1;
    to[to_step] = near_odd + near_even;
    to[2 * to_step] = near_odd - near_even;
    const Lanes far_even = far * x4 - (far * kNear2) * x2, far_odd = (far * kFar) * x3 - (far * kNear) * x1;
    to[3 * to_step] = far_odd + far_even;
    to[4 * to_step] = far_odd - far_even;
    to[5 * to_step] = x1 - (kNear2 + kFar2) * x3 + from[5 * from_step];
  }
};

// A^T: 6 values to 4 outputs.
struct OutputTransform {
  static constexpr int64_t kFrom = kWindow, kTo = kTile;
  static inline void line(const Lanes *from, int64_t from_step, Lanes *to, int64_t to_step) {
    const Lanes near_even = from[from_step] + from[2 * from_step], near_odd = from[from_step] - from[2 * from_step];
    const Lanes far_even = from[3 * from_step] + from[4 * from_step];
    const Lanes far_odd = from[3 * from_step] - from[4 * from_step];
    to[0] = from[0] + near_even + far_even;
    to[to_step] = kNear * near_odd + kFar * far_odd;
    to[2 * to_step] = kNear2 * near_even + kFar2 * far_even;
    to[3 * to_step] = (kNear2 * kNear) * near_odd + (kFar2 * kFar) * far_odd + from[5 * from_step];
  }
};

// A: 4 gradients of outputs to 6 values.
struct OutputGradientTransform {
  static constexpr int64_t kFrom = kTile, kTo = kWindow;
  static inline void line(const Lanes *from, int64_t from_step, Lanes *to, int64_t to_step) {
    const Lanes x0 = from[0], x1 = from[from_step], x2 = from[2 * from_step], x3 = from[3 * from_step];
    const Lanes near_even = x0 + kNear2 * x2, near_odd = kNear * x1 + (kNear2 * kNear) * x3;
    const Lanes far_even = x0 + kFar2 * x2, far_odd = kFar * x1 + (kFar2 * kFar) * x3;
    to[0] = x0;
    to[to_step] = near_even + near_odd;
    to[2 * to_step] = near_even - near_odd;
    to[3 * to_step] = far_even + far_odd;
    to[4 * to_step] = far_even - far_odd;
    to[5 * to_step] = x3;
  }
};

// G: 3 taps to 6 values, at p divided by p.
struct WeightTransform {
  static constexpr int64_t kFrom = kTaps, kTo = kWindow;
  static inline void line(const Lanes *from, int64_t from_step, Lanes *to, int64_t to_step) {
    const Lanes x0 = from[0], x1 = from[from_step], x2 = from[2 * from_step];
    const Lanes near_odd = kFar * x0 + kNear * x2, far_odd = kNear * x0 + kFar * x2;
    to[0] = x0;
    to[to_step] = x1 + near_odd;
    to[2 * to_step] = x1 - near_odd;
    to[3 * to_step] = x1 + far_odd;
    to[4 * to_step] = x1 - far_odd;
    to[5 * to_step] = x2;
  }
};

// G^T: 6 gradients of values to 3 of taps.
struct WeightGradientTransform {
  static constexpr int64_t kFrom = kWindow, kTo = kTaps;
  static inline void line(const Lanes *from, int64_t from_step, Lanes *to, int64_t to_step) {
    const Lanes near_odd = from[from_step] - from[2 * from_step], far_odd = from[3 * from_step] - from[4 * from_step];
    to[0] = from[0] + kFar * near_odd + kNear * far_odd;
    to[to_step] = from[from_step] + from[2 * from_step] + from[3 * from_step] + from[4 * from_step];
    to[2 * to_step] = kNear * near_odd + kFar * far_odd + from[5 * from_step];
  }
};

// A line transform along both axes: to[kTo][kTo] from from[kFrom][kFrom].
template <typename Transform>
inline void transform(const Lanes *from, Lanes *to) {
  constexpr int64_t kFrom = Transform::kFrom, kTo = Transform::kTo;
  Lanes columns[kTo * kFrom];
  for (int64_t x = 0; x < kFrom; ++x) Transform::line(from + x, kFrom, columns + x, kFrom);
  for (int64_t y = 0; y < kTo; ++y) Transform::line(columns + y * kFrom, 1, to + y * kTo, 1);
}

}  // namespace revup::winograd
