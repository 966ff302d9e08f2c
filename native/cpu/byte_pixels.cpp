// Byte images to pixels: each value comes from a table of its channel, and samples of a batch are cut and mixed.
#include <cmath>

#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

struct Box {
  int64_t top, left, bottom, right;
};

// The changes of one sample in integers.
struct Changes {
  int64_t partner;
  float weight;
  Box cutout, paste;
};

int64_t integer(double value, int64_t end, int64_t n, const char *name) {
  if (!(value >= 0 && value <= static_cast<double>(end)) || value != std::floor(value)) {
    fail("changes[" + std::to_string(n) + "]." + name + " is " + std::to_string(value) +
         "; it must be an integer of 0 to " + std::to_string(end));
  }
  return static_cast<int64_t>(value);
}

Changes read(const revup_sample_changes *changes, int64_t n, int64_t batch, int64_t height, int64_t width) {
  if (changes == nullptr) return {n, 1, {}, {}};
  const revup_sample_changes &of = changes[n];
  return {integer(of.partner, batch - 1, n, "partner"),
          static_cast<float>(of.weight),
          {integer(of.cut_top, height, n, "cut_top"), integer(of.cut_left, width, n, "cut_left"),
           integer(of.cut_bottom, height, n, "cut_bottom"), integer(of.cut_right, width, n, "cut_right")},
          {integer(of.paste_top, height, n, "paste_top"), integer(of.paste_left, width, n, "paste_left"),
           integer(of.paste_bottom, height, n, "paste_bottom"), integer(of.paste_right, width, n, "paste_right")}};
}

// Calls body(begin, end, inside) for the columns of a row before, in and behind the box.
template <typename Body>
void for_runs(const Box &box, int64_t row, int64_t begin, int64_t end, Body body) {
  const bool crossed = row >= box.top && row < box.bottom && box.left < box.right;
  const int64_t left = crossed ? std::clamp(box.left, begin, end) : end;
  const int64_t right = crossed ? std::clamp(box.right, begin, end) : end;
  if (begin < left) body(begin, left, false);
  if (left < right) body(left, right, true);
  if (right < end) body(right, end, false);
}

// The images of a batch, of constant_channels channels, or of any number if that is 0.
template <int64_t constant_channels>
struct Images {
  int64_t positions, given_channels, width;
  const uint8_t *x;
  const float *table;

  // Calls put(v, element of y) for the columns begin to end - 1 of a row of sample n, whose first element in y is `to`.
  template <typename Put>
  void visit(int64_t n, const Box &cutout, int64_t row, int64_t begin, int64_t end, float *to, Put put) const {
    const int64_t channels = constant_channels > 0 ? constant_channels : given_channels;
    const uint8_t *from = x + (n * positions + row * width) * channels;
    for_runs(cutout, row, begin, end, [=, of = table](int64_t first, int64_t last, bool cut) {
      if (cut) {
        for (int64_t i = first * channels; i < last * channels; ++i) put(0.0f, to[i]);
        return;
      }
      for (int64_t column = first; column < last; ++column) {
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t i = column * channels + c;
          put(of[c * 256 + from[i]], to[i]);
        }
      }
    });
  }
};

template <int64_t constant_channels>
void write(int64_t batch, int64_t channels, const Images<constant_channels> &images,
           const revup_sample_changes *changes, float *y) {
  const int64_t width = images.width, height = images.positions / width;
  parallel_for_items(batch * height, width * channels, [=](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t n = item / height, row = item % height;
      const Changes own = read(changes, n, batch, height, width);
      float *to = y + item * width * channels;
      images.visit(n, own.cutout, row, 0, width, to, [](float v, float &element) { element = v; });
      if (own.partner == n) continue;
      const Box other = read(changes, own.partner, batch, height, width).cutout;
      for_runs(own.paste, row, 0, width, [&](int64_t first, int64_t last, bool pasted) {
        if (pasted) {
          images.visit(own.partner, other, row, first, last, to, [](float v, float &element) { element = v; });
        } else if (own.weight != 1) {
          images.visit(own.partner, other, row, first, last, to,
                       [weight = own.weight, rest = 1 - own.weight](float v, float &element) {
                         element = weight * element + rest * v;
                       });
        }
      });
    }
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_byte_pixels(int64_t batch, int64_t positions, int64_t channels, int64_t width, const uint8_t *x,
                               const float *table, const revup_sample_changes *changes, float *y) {
  return guarded([&] {
    require_count(batch, "batch");
    require_count(positions, "positions");
    require_count(channels, "channels");
    if (width < 1 || positions % width != 0) {
      fail("width is " + std::to_string(width) + "; it must divide the " + std::to_string(positions) + " positions");
    }
    if (element_count({batch, positions, channels}, "x") == 0) return;
    require_pointer(x, "x");
    require_pointer(table, "table");
    if (changes != nullptr) require_scalar(changes, "changes");
    require_pointer(y, "y");
    for (int64_t n = 0; n < batch; ++n) read(changes, n, batch, positions / width, width);
    switch (channels) {
      case 1:
        return write(batch, channels, Images<1>{positions, channels, width, x, table}, changes, y);
      case 3:
        return write(batch, channels, Images<3>{positions, channels, width, x, table}, changes, y);
      default:
        return write(batch, channels, Images<0>{positions, channels, width, x, table}, changes, y);
    }
  });
}
