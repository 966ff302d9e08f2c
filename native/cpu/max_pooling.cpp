// Max pooling. Nothing is kept between the passes: backward finds the maxima again. A NaN wins, so that it stays
// visible.
#include <cmath>

#include "preactivation.h"
#include "shape.h"

namespace revup {
namespace {

// Channels that one thread of backward owns: two cache lines, so that neighbours share no line.
constexpr int64_t kBlock = 32;

constexpr int64_t kWindow = 3, kStride = 2, kPadding = 1;

// One spatial dimension. Padding is less than the window, so every window holds at least one input.
struct Axis {
  int64_t input;

  int64_t output() const { return (input + 2 * kPadding - kWindow) / kStride + 1; }
  int64_t begin(int64_t o) const { return std::max<int64_t>(o * kStride - kPadding, 0); }
  int64_t end(int64_t o) const { return std::min(o * kStride - kPadding + kWindow, input); }
  // Inputs [reached(o), reached(o + 1)) are those that output o is the first to need; the last one takes the rest.
  int64_t reached(int64_t o) const {
    if (o == 0) return 0;
    return o == output() ? input : end(o - 1);
  }
};

struct Pool {
  int64_t batch, channels;
  Axis depth, height, width;

  int64_t input_row() const { return width.input * channels; }
  int64_t inputs() const { return depth.input * height.input * input_row(); }
  int64_t output_positions() const { return depth.output() * height.output() * width.output(); }
};

// Checks the shape; batch is 0 when there is nothing to do. Planes of 2-D are a depth of one, which pools to itself.
Pool checked_pool(const revup_shape *shape) {
  require_scalar(shape, "shape");
  require_shape(*shape, "shape");
  if (element_count(*shape, "shape") == 0) return {};
  const Extents extents(shape->rank, shape->extent, 1);
  return {shape->batch, shape->channels, {extents.depth}, {extents.height}, {extents.width}};
}

// y and dy have at least the channels of x.
void require_channels(const Pool &pool, int64_t channels, const char *name) {
  if (channels < pool.channels) {
    fail(std::string(name) + " is " + std::to_string(channels) + "; it must be at least the shape's " +
         std::to_string(pool.channels) + " channels");
  }
  element_count({pool.batch, pool.output_positions(), channels}, name);
}

// The inputs of one output position: offset of the first one's channel 0, extents and strides in elements.
struct Window {
  int64_t offset, depth, height, width, plane, row, column;

  Window(const Pool &pool, int64_t od, int64_t oh, int64_t ow)
      : depth(pool.depth.end(od) - pool.depth.begin(od)),
        height(pool.height.end(oh) - pool.height.begin(oh)),
        width(pool.width.end(ow) - pool.width.begin(ow)),
        plane(pool.height.input * pool.input_row()),
        row(pool.input_row()),
        column(pool.channels) {
    offset = pool.depth.begin(od) * plane + pool.height.begin(oh) * row + pool.width.begin(ow) * column;
  }

  // Calls visit(offset) in row-major order. Inlined by force: only then are the captures of visit in registers.
  template <typename Visit>
  [[gnu::always_inline]] void for_each(Visit visit) const {
    for (int64_t d = 0; d < depth; ++d) {
      for (int64_t h = 0; h < height; ++h) {
        const int64_t start = offset + d * plane + h * row;
        for (int64_t w = 0; w < width; ++w) visit(start + w * column);
      }
    }
  }
};

bool takes(float candidate, float best) { return candidate > best || candidate != candidate; }

// One output position, all channels; y stays in the first-level cache. Channels are the inner loop: with 64 or
// more, that is up to twice as fast as keeping 16 of them in a register for a whole window.
void forward(const Window &window, int64_t channels, const float *x, float *y) {
  std::fill(y, y + channels, -INFINITY);
  window.for_each([=](int64_t offset) {
    const float *from = x + offset;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) y[c] = takes(from[c], y[c]) ? from[c] : y[c];
  });
}

// One output position, at most kBlock channels.
void backward(const Window &window, int64_t channels, const float *x, const float *dy, float *dx) {
  float best[kBlock];
  int32_t winner[kBlock] = {};
  std::fill(best, best + channels, -INFINITY);
  int32_t ordinal = 0;
  window.for_each([&](int64_t offset) {
    const float *from = x + offset;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const float candidate = from[c];
      const bool better = takes(candidate, best[c]);
      best[c] = better ? candidate : best[c];
      winner[c] = better ? ordinal : winner[c];
    }
    ++ordinal;
  });
  ordinal = 0;
  // Selecting by ordinal keeps the scatter a vector operation.
  window.for_each([&](int64_t offset) {
    float *to = dx + offset;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      const float gradient = dy[c];
      to[c] += winner[c] == ordinal ? gradient : 0.0f;
    }
    ++ordinal;
  });
}

// Zeroes the inputs that output row (od, oh) is the first to need, just before it adds to them: one pass over dx.
void clear_reached(const Pool &pool, int64_t od, int64_t oh, int64_t width, float *dx) {
  for (int64_t d = pool.depth.reached(od); d < pool.depth.reached(od + 1); ++d) {
    for (int64_t h = pool.height.reached(oh); h < pool.height.reached(oh + 1); ++h) {
      float *row = dx + (d * pool.height.input + h) * pool.input_row();
      for (int64_t w = 0; w < pool.width.input; ++w) {
        std::fill(row + w * pool.channels, row + w * pool.channels + width, 0.0f);
      }
    }
  }
}

// y of a shape that is not empty.
void pool_forward(const Pool &pool, const float *x, int64_t y_channels, float *y) {
  require_channels(pool, y_channels, "y_channels");
  require_pointer(x, "x");
  require_pointer(y, "y");
  const int64_t rows = pool.batch * pool.depth.output() * pool.height.output();
  const int64_t row_elements = pool.width.output() * y_channels;
  parallel_for_items(rows, row_elements, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t oh = row % pool.height.output(), plane = row / pool.height.output();
      const int64_t od = plane % pool.depth.output(), n = plane / pool.depth.output();
      for (int64_t ow = 0; ow < pool.width.output(); ++ow) {
        float *to = y + row * row_elements + ow * y_channels;
        forward(Window(pool, od, oh, ow), pool.channels, x + n * pool.inputs(), to);
        std::fill(to + pool.channels, to + y_channels, 0.0f);
      }
    }
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_max_pool_forward(const revup_shape *shape, const float *x, int64_t y_channels, float *y) {
  return guarded([&] {
    const Pool pool = checked_pool(shape);
    if (pool.batch > 0) pool_forward(pool, x, y_channels, y);
  });
}

revup_status revup_max_pool_forward_ahead(const revup_shape *shape, const float *x, int64_t y_channels, float *y,
                                          revup_activation activation, const float *a, const float *b,
                                          revup_bfloat16 *p) {
  return guarded([&] {
    const Pool pool = checked_pool(shape);
    with_pointwise(activation, [&](auto act) {
      if (pool.batch == 0) return;
      require_scalar(a, "a");
      require_scalar(b, "b");
      require_pointer(p, "p");
      pool_forward(pool, x, y_channels, y);
      const int64_t count = pool.batch * pool.output_positions() * y_channels;
      preactivate<Pointwise<decltype(act)>>(count, y, *a, *b, reinterpret_cast<bfloat16 *>(p));
    });
  });
}

revup_status revup_max_pool_backward(const revup_shape *shape, const float *x, int64_t dy_channels, const float *dy,
                                     float *dx) {
  return guarded([&] {
    const Pool pool = checked_pool(shape);
    if (pool.batch == 0) return;
    require_channels(pool, dy_channels, "dy_channels");
    require_pointer(x, "x");
    require_pointer(dy, "dy");
    require_pointer(dx, "dx");
    const int64_t blocks = (pool.channels + kBlock - 1) / kBlock;
    parallel_for_items(pool.batch * blocks, pool.inputs() / pool.channels * kBlock, [=](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        const int64_t n = item / blocks, first = item % blocks * kBlock;
        const int64_t width = std::min(kBlock, pool.channels - first);
        const float *x_block = x + n * pool.inputs() + first;
        const float *dy_block = dy + n * pool.output_positions() * dy_channels + first;
        float *dx_block = dx + n * pool.inputs() + first;
        for (int64_t od = 0; od < pool.depth.output(); ++od) {
          for (int64_t oh = 0; oh < pool.height.output(); ++oh) {
            clear_reached(pool, od, oh, width, dx_block);
            for (int64_t ow = 0; ow < pool.width.output(); ++ow, dy_block += dy_channels) {
              backward(Window(pool, od, oh, ow), width, x_block, dy_block, dx_block);
            }
          }
        }
      }
    });
  });
}
