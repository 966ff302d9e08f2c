#include "matrix.h"

namespace cushim {
namespace {

// The numbers of a word: two of bfloat16, the lower half first, or one of TF32, whose other bits are not looked at.
void unpack(uint32_t word, int width, double *numbers) {
  if (width == 1) {
    numbers[0] = static_cast<double>(__uint_as_float(word & ~0x1fffu));
    return;
  }
  numbers[0] = static_cast<double>(__uint_as_float(word << 16));
  numbers[1] = static_cast<double>(__uint_as_float(word & 0xffff0000u));
}

}  // namespace

void multiply(WarpOperation operation, const Fragments *const (&lanes)[warp_lanes]) {
  constexpr int rows = 16, columns = 8, words = 8;
  const int width = operation == WarpOperation::multiply_bf16 ? 2 : 1;
  double a[rows][2 * words], b[columns][2 * words];
  for (int lane = 0; lane < warp_lanes; ++lane) {
    const int g = lane / 4, t = lane % 4;
    const Fragments &own = *lanes[lane];
    for (int half = 0; half < 2; ++half) {
      const int first = width * (t + 4 * half);
      unpack(own.a[2 * half], width, a[g] + first);
      unpack(own.a[2 * half + 1], width, a[g + 8] + first);
      unpack(own.b[half], width, b[g] + first);
    }
  }
  for (int lane = 0; lane < warp_lanes; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const double *const row = a[lane / 4 + i / 2 * 8], *const column = b[lane % 4 * 2 + i % 2];
      double sum = static_cast<double>(lanes[lane]->d[i]);
      for (int k = 0; k < width * words; ++k) sum += row[k] * column[k];
      lanes[lane]->d[i] = static_cast<float>(sum);
    }
  }
}

}  // namespace cushim
