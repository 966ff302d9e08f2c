#include "winograd.h"

#include <algorithm>
#include <atomic>

#include "winograd_transforms.h"

namespace revup {

using winograd::kLanes;
using winograd::kPlanes;
using winograd::kTaps;
using winograd::kTile;
using winograd::kWindow;
using winograd::Lanes;

namespace {

// Of 64 to 256 channels, 48 to 128 tiles at a time took the same within a few percent.
constexpr int64_t kTilesPerChunk = 64;
// Keeps the planes of a tile from falling on the same lines of a cache.
constexpr int64_t kPlanePadding = 32;

// Products of one plane. oneDNN computes them with the calling thread alone inside of a parallel region.
dnnl_status_t multiply(bool transposed_a, bool transposed_b, int64_t rows, int64_t columns, int64_t inner,
                       const float *a, const float *b, bool adds, float *c) {
  return dnnl_sgemm(transposed_a ? 'T' : 'N', transposed_b ? 'T' : 'N', rows, columns, inner, 1, a,
                    transposed_a ? rows : inner, b, transposed_b ? inner : columns, adds ? 1.0f : 0.0f, c, columns);
}

void require_success(dnnl_status_t status) {
  if (status != dnnl_success) throw dnnl::error(status, "could not multiply matrices");
}

const Lanes &lanes(const float *memory) { return *reinterpret_cast<const Lanes *>(memory); }
Lanes &lanes(float *memory) { return *reinterpret_cast<Lanes *>(memory); }

}  // namespace

Winograd::Tiles::Tiles(const Images &outputs, int threads)
    : rows((outputs.height + kTile - 1) / kTile),
      columns((outputs.width + kTile - 1) / kTile),
      count(outputs.batch * rows * columns),
      per_chunk(std::min(kTilesPerChunk, (count + threads - 1) / threads)),
      chunks((count + per_chunk - 1) / per_chunk),
      workers(std::min<int64_t>(threads, chunks)) {}

Winograd::Winograd(const ConvolutionGeometry &geometry, int threads)
    : input_{geometry.value.batch,       geometry.input[0],   geometry.input[1],
             geometry.value.in_channels, geometry.padding[0], geometry.padding[1]},
      output_{geometry.value.batch, geometry.output[0], geometry.output[1], geometry.value.out_channels, 0, 0},
      diff_output_(output_),
      output_tiles_(output_, threads),
      input_tiles_(input_, threads) {
  diff_output_.top = kTaps - 1 - input_.top;
  diff_output_.left = kTaps - 1 - input_.left;
}

int64_t Winograd::packed_bytes() const { return sizeof(float) * kPlanes * output_.channels * input_.channels; }

// Both sides of one chunk.
int64_t Winograd::worker_elements(const Tiles &tiles) const {
  return kPlanes * (tiles.per_chunk * (input_.channels + output_.channels) + 2 * kPlanePadding);
}

int64_t Winograd::fprop_scratch_bytes() const {
  return sizeof(float) * output_tiles_.workers * worker_elements(output_tiles_);
}

int64_t Winograd::dgrad_scratch_bytes() const {
  return sizeof(float) * input_tiles_.workers * worker_elements(input_tiles_);
}

int64_t Winograd::wgrad_scratch_bytes() const { return fprop_scratch_bytes() + output_tiles_.workers * packed_bytes(); }

void Winograd::pack(const float *weights, float factor, float *packed) const {
  const int64_t channels = input_.channels, plane = output_.channels * channels;
#pragma omp parallel for
  for (int64_t out = 0; out < output_.channels; ++out) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      Lanes taps[kTaps * kTaps], values[kPlanes];
      for (int64_t i = 0; i < kTaps * kTaps; ++i) {
        taps[i] = factor * lanes(weights + (out * kTaps * kTaps + i) * channels + c);
      }
      winograd::transform<winograd::WeightTransform>(taps, values);
      for (int64_t i = 0; i < kPlanes; ++i) lanes(packed + i * plane + out * channels + c) = values[i];
    }
  }
}

// planes[i, tile - first, channel] = the transform of what the tile, or its window, has in the images.
template <typename Transform>
void Winograd::gather(const Images &images, const Tiles &tiles, int64_t first, int64_t last, const float *from,
                      float *planes, int64_t plane_step) {
  constexpr int64_t extent = Transform::kFrom;
  const int64_t channels = images.channels;
  for (int64_t tile = first; tile < last; ++tile, planes += channels) {
    const int64_t row = tile / tiles.columns;  // of all images' tiles
    const int64_t top = row % tiles.rows * kTile - images.top, left = tile % tiles.columns * kTile - images.left;
    const float *const image = from + row / tiles.rows * images.height * images.width * channels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      Lanes window[extent * extent], values[kPlanes];
      for (int64_t y = 0; y < extent; ++y) {
        for (int64_t x = 0; x < extent; ++x) {
          const bool inside = top + y >= 0 && top + y < images.height && left + x >= 0 && left + x < images.width;
          window[y * extent + x] =
              inside ? lanes(image + ((top + y) * images.width + left + x) * channels + c) : Lanes{};
        }
      }
      winograd::transform<Transform>(window, values);
      for (int64_t i = 0; i < kPlanes; ++i) lanes(planes + i * plane_step + c) = values[i];
    }
  }
}

// The tiles, cut off at the edge of the images, from planes[i, tile - first, channel].
void Winograd::scatter(const Images &images, const Tiles &tiles, int64_t first, int64_t last, const float *planes,
                       int64_t plane_step, float *to) {
  const int64_t channels = images.channels;
  for (int64_t tile = first; tile < last; ++tile, planes += channels) {
    const int64_t row = tile / tiles.columns;
    const int64_t top = row % tiles.rows * kTile, left = tile % tiles.columns * kTile;
    float *const image = to + row / tiles.rows * images.height * images.width * channels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      Lanes values[kPlanes], outputs[kTile * kTile];
      for (int64_t i = 0; i < kPlanes; ++i) values[i] = lanes(planes + i * plane_step + c);
      winograd::transform<winograd::OutputTransform>(values, outputs);
      for (int64_t y = 0; y < std::min(kTile, images.height - top); ++y) {
        for (int64_t x = 0; x < std::min(kTile, images.width - left); ++x) {
          lanes(image + ((top + y) * images.width + left + x) * channels + c) = outputs[y * kTile + x];
        }
      }
    }
  }
}

// body(worker, begins, first, last) -> status over the tiles of every chunk; those of one worker come one after
// another, and `begins` is true of the first.
template <typename Body>
void Winograd::for_each_chunk(const Tiles &tiles, Body body) {
  std::atomic<dnnl_status_t> failure(dnnl_success);
#pragma omp parallel for schedule(static, 1)
  for (int64_t worker = 0; worker < tiles.workers; ++worker) {
    const int64_t begin = worker * tiles.chunks / tiles.workers, end = (worker + 1) * tiles.chunks / tiles.workers;
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t first = chunk * tiles.per_chunk, last = std::min(tiles.count, first + tiles.per_chunk);
      const dnnl_status_t status = body(worker, chunk == begin, first, last);
      if (status != dnnl_success) failure = status;
    }
  }
  require_success(failure);
}

void Winograd::correlate(const Images &from, const Images &to, const Tiles &tiles, bool is_adjoint, const float *src,
                         const float *packed, float *dst, float *scratch) const {
  const int64_t weights = input_.channels * output_.channels;
  const int64_t from_step = tiles.per_chunk * from.channels + kPlanePadding;
  const int64_t to_step = tiles.per_chunk * to.channels + kPlanePadding;
  const int64_t worker_step = worker_elements(tiles);
  for_each_chunk(tiles, [&](int64_t worker, bool, int64_t first, int64_t last) {
    float *const inputs = scratch + worker * worker_step, *const outputs = inputs + kPlanes * from_step;
    gather<winograd::InputTransform>(from, tiles, first, last, src, inputs, from_step);
    dnnl_status_t status = dnnl_success;
    for (int64_t i = 0; i < kPlanes && status == dnnl_success; ++i) {
      const int64_t plane = is_adjoint ? winograd::mirrored_plane(i) : i;
      status = multiply(false, !is_adjoint, last - first, to.channels, from.channels, inputs + i * from_step,
                        packed + plane * weights, false, outputs + i * to_step);
    }
    scatter(to, tiles, first, last, outputs, to_step, dst);
    return status;
  });
}

void Winograd::fprop(const float *src, const float *packed, float *dst, float *scratch) const {
  correlate(input_, output_, output_tiles_, false, src, packed, dst, scratch);
}

void Winograd::dgrad(const float *diff_dst, const float *packed, float *diff_src, float *scratch) const {
  correlate(diff_output_, input_, input_tiles_, true, diff_dst, packed, diff_src, scratch);
}

// Sums of all workers' tiles, [36, O, I] each, come first in the scratch.
void Winograd::wgrad(const float *src, const float *diff_dst, float *diff_weights, float *scratch) const {
  const Tiles &tiles = output_tiles_;
  const int64_t weights = input_.channels * output_.channels, sums = kPlanes * weights;
  const int64_t input_step = tiles.per_chunk * input_.channels + kPlanePadding;
  const int64_t output_step = tiles.per_chunk * output_.channels + kPlanePadding;
  const int64_t worker_step = worker_elements(tiles);
  for_each_chunk(tiles, [&](int64_t worker, bool begins, int64_t first, int64_t last) {
    float *const inputs = scratch + tiles.workers * sums + worker * worker_step;
    float *const outputs = inputs + kPlanes * input_step;
    gather<winograd::InputTransform>(input_, tiles, first, last, src, inputs, input_step);
    gather<winograd::OutputGradientTransform>(output_, tiles, first, last, diff_dst, outputs, output_step);
    dnnl_status_t status = dnnl_success;
    for (int64_t i = 0; i < kPlanes && status == dnnl_success; ++i) {
      status = multiply(true, false, output_.channels, input_.channels, last - first, outputs + i * output_step,
                        inputs + i * input_step, !begins, scratch + worker * sums + i * weights);
    }
    return status;
  });
  transform_sums(scratch, sums, diff_weights);
}

void Winograd::transform_sums(const float *sums, int64_t worker_step, float *diff_weights) const {
  const int64_t channels = input_.channels, plane = output_.channels * channels;
#pragma omp parallel for
  for (int64_t out = 0; out < output_.channels; ++out) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      Lanes values[kPlanes], taps[kTaps * kTaps];
      for (int64_t i = 0; i < kPlanes; ++i) {
        const float *const value = sums + i * plane + out * channels + c;
        values[i] = lanes(value);
        for (int64_t worker = 1; worker < output_tiles_.workers; ++worker) {
          values[i] += lanes(value + worker * worker_step);
        }
      }
      winograd::transform<winograd::WeightGradientTransform>(values, taps);
      for (int64_t i = 0; i < kTaps * kTaps; ++i) {
        lanes(diff_weights + (out * kTaps * kTaps + i) * channels + c) = taps[i];
      }
    }
  }
}

}  // namespace revup
