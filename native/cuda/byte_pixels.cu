// Byte images to pixels. Letters: n a sample, p a position of it, c a channel; see native/include/revup_cpu.h.
#include "../include/revup_tables.h"
#include "launch.cuh"
#include "vector.cuh"

namespace revup {
namespace {

__device__ inline bool inside(long long row, long long column, double top, double left, double bottom, double right) {
  return row >= top && row < bottom && column >= left && column < right;
}

}  // namespace
}  // namespace revup

using namespace revup;

// v[n, p, c] = 0 in the cutout of n, table[c, x[n, p, c]] elsewhere; y = weight * v + (1 - weight) * v of the partner,
// which is weight 0 in the paste. Null changes: y = v.
// Geometry: Elementwise over y; one element per thread and step, tables and changes come from the cache.
// Bytes per element: 1 read, 4 written; another read where samples are mixed. Accumulator: none, products and sum are
// rounded one by one as on the processor. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    byte_pixels(long long batch, long long positions, long long channels, long long width, const unsigned char *x,
                const float *table, const revup_sample_changes *changes, float *y) {
  for_each_index(batch * positions * channels, [=](auto index) {
    using Index = decltype(index);
    const Index sample = static_cast<Index>(positions * channels), c = index % static_cast<Index>(channels);
    const Index n = index / sample, place = index % sample, p = place / static_cast<Index>(channels);
    const float *levels = table + static_cast<long long>(c) * 256;
    float v = levels[x[index]];
    if (changes != nullptr) {
      const long long row = p / static_cast<Index>(width), column = p % static_cast<Index>(width);
      const revup_sample_changes &own = changes[n];
      if (inside(row, column, own.cut_top, own.cut_left, own.cut_bottom, own.cut_right)) v = 0.0f;
      const long long partner = static_cast<long long>(own.partner);
      const bool pasted = inside(row, column, own.paste_top, own.paste_left, own.paste_bottom, own.paste_right);
      const float weight = pasted ? 0.0f : static_cast<float>(own.weight);
      if (partner != static_cast<long long>(n) && weight != 1.0f) {
        const revup_sample_changes &of = changes[partner];
        const bool cut = inside(row, column, of.cut_top, of.cut_left, of.cut_bottom, of.cut_right);
        const float other = cut ? 0.0f : levels[x[partner * static_cast<long long>(sample) + place]];
        v = pasted ? other : __fadd_rn(__fmul_rn(weight, v), __fmul_rn(1.0f - weight, other));
      }
    }
    y[index] = v;
  });
}
KERNEL_EXPORT(byte_pixels)
