// When Winograd's convolution is chosen.
#include <algorithm>

#include "winograd.h"
#include "winograd_transforms.h"

namespace revup {
namespace {

using winograd::kLanes;
using winograd::kPlanes;
using winograd::kTaps;
using winograd::kTile;

// Costs in operations of a direct convolution: of one in a product; of a channel of a tile that goes through a
// transform, which is bound by caches; of a weight that does, which fprop and dgrad share; of a weight's sums; and of a
// weight that every thread reads once, from memory.
struct Costs {
  double product, gathered, scattered, packed, summed, read;
};

// Measured with one and two threads: AMD Zen 5 with AVX-512, Zen 3 with AVX2. Caches are as fast on both, but a direct
// convolution takes twice as long without AVX-512.
constexpr Costs kWithAvx512{1.2, 2300, 1500, 5000, 2000, 1800}, kWithout{1.1, 1400, 900, 3000, 1200, 900};

const Costs &costs() { return onednn::has_isa(dnnl_cpu_isa_avx512_core) ? kWithAvx512 : kWithout; }

// The least advantage that is taken.
constexpr double kAdvantage = 1.1;
// Products with fewer columns are slow.
constexpr int64_t kFewestChannels = 32;
// The most memory that transformed weights, or their sums, may take, as a multiple of the images' memory.
constexpr double kMemory = 4;

bool suits_channels(int64_t channels) { return channels % kLanes == 0 && channels >= kFewestChannels; }

bool is_possible(const ConvolutionGeometry &geometry) {
  const auto &value = geometry.value;
  bool suits = value.type == REVUP_FLOAT32 && value.groups == 1 && suits_channels(value.in_channels) &&
               suits_channels(value.out_channels);
  for (int32_t i = 0; i < value.rank; ++i) {
    // A volume may have any number of taps along its depth.
    suits = suits && (geometry.kernel[i] == kTaps || (value.rank == 3 && i == 0)) && geometry.stride[i] == 1 &&
            geometry.padding[i] < geometry.kernel[i];
  }
  return suits;
}

struct Work {
  double in, out, taps;             // channels; taps along the depth
  double positions, tiles, images;  // outputs; 4x4 tiles of all their slices; elements of input and output

  explicit Work(const ConvolutionGeometry &geometry)
      : in(static_cast<double>(geometry.value.in_channels)),
        out(static_cast<double>(geometry.value.out_channels)),
        taps(static_cast<double>(geometry.taps() / (kTaps * kTaps))),
        positions(static_cast<double>(geometry.value.batch)),
        tiles(positions),
        images(positions * in) {
    for (const int64_t extent : geometry.input) images *= static_cast<double>(extent);
    for (int32_t i = 0; i < geometry.value.rank; ++i) {
      const int64_t extent = geometry.output[i], tile = geometry.value.rank == 3 && i == 0 ? 1 : kTile;
      positions *= static_cast<double>(extent);
      tiles *= static_cast<double>((extent + tile - 1) / tile);
    }
    images += positions * out;
  }

  // By the costs of one tile's transforms and of one weight's.
  bool is_faster(double of_tile, double of_weight) const {
    const double direct = 2 * kTaps * kTaps * positions;
    const double products = 2 * kPlanes * costs().product * tiles;
    return kAdvantage * ((products + of_weight) * taps * in * out + tiles * of_tile) <= direct * taps * in * out;
  }
  bool fits(double copies) const { return copies * taps * kPlanes * in * out <= kMemory * images; }
};

}  // namespace

bool Winograd::suits_data(const ConvolutionGeometry &geometry, int threads) {
  if (!is_possible(geometry)) return false;
  const Work work(geometry);
  const double fprop = costs().gathered * work.in + costs().scattered * work.out;
  if (!geometry.is_trained()) return work.is_faster(fprop, costs().read * threads);
  const double dgrad = costs().gathered * work.out + costs().scattered * work.in;
  return work.is_faster(std::max(fprop, dgrad), costs().packed) && work.fits(1);
}

bool Winograd::suits_weights(const ConvolutionGeometry &geometry, int threads) {
  if (!is_possible(geometry)) return false;
  const Work work(geometry);
  return work.is_faster(costs().gathered * (work.in + work.out), costs().summed) && work.fits(threads);
}

}  // namespace revup
