#include "winograd.h"

#include <algorithm>
#include <atomic>

#include "thread_pool.h"
#include "winograd_transforms.h"

namespace revup {

using winograd::kLanes;
using winograd::kPlanes;
using winograd::kTaps;
using winograd::kTile;
using winograd::Lanes;

namespace {

constexpr int64_t kWeights = kTaps * kTaps;
// Rows of a plane at a time: of 64 to 256 channels, 48 to 128 took the same within a few percent.
constexpr int64_t kRowsPerChunk = 64;
// Keeps the planes of a tile from falling on the same lines of a cache.
constexpr int64_t kPlanePadding = 32;

const Lanes &lanes(const float *memory) { return *reinterpret_cast<const Lanes *>(memory); }
Lanes &lanes(float *memory) { return *reinterpret_cast<Lanes *>(memory); }

// The slices to which a tap of the depth contributes, and the first of those that it takes.
struct Slices {
  int64_t begin, end, from;
  int64_t count() const { return std::max<int64_t>(end - begin, 0); }

  Slices(int64_t inputs, int64_t outputs, int64_t front, int64_t tap)
      : begin(std::max<int64_t>(front - tap, 0)),
        end(std::min(outputs, inputs + front - tap)),
        from(begin + tap - front) {}
};

// body(item, participant) -> status, for all items.
template <typename Body>
void multiply_each(int64_t count, const Body &body) {
  std::atomic<dnnl_status_t> failure(dnnl_success);
  for_each_item(count, [&](int64_t item, int participant) {
    const dnnl_status_t status = body(item, participant);
    if (status != dnnl_success) failure = status;
  });
  if (failure != dnnl_success) throw dnnl::error(failure, "could not multiply matrices");
}

}  // namespace

Winograd::Tiles::Tiles(const Images &outputs, int64_t depth, int threads)
    : rows((outputs.height + kTile - 1) / kTile),
      columns((outputs.width + kTile - 1) / kTile),
      count(outputs.batch * rows * columns),
      per_chunk(std::clamp<int64_t>(kRowsPerChunk / depth, 1, (count + threads - 1) / threads)),
      chunks((count + per_chunk - 1) / per_chunk),
      workers(std::min<int64_t>(threads, chunks)) {}

Winograd::Images Winograd::images(const ConvolutionGeometry &geometry, const onednn::Dims &extents, int64_t channels,
                                  const onednn::Dims &zeros) {
  const bool is_volume = geometry.value.rank == 3;
  return {geometry.value.batch,
          is_volume ? extents[0] : 1,
          extents.end()[-2],
          extents.end()[-1],
          channels,
          is_volume ? zeros[0] : 0,
          zeros.end()[-2],
          zeros.end()[-1]};
}

Winograd::Winograd(const ConvolutionGeometry &geometry, int threads)
    : taps_(geometry.taps() / kWeights),
      input_(images(geometry, geometry.input, geometry.value.in_channels, geometry.padding)),
      output_(images(geometry, geometry.output, geometry.value.out_channels, onednn::Dims(geometry.padding.size()))),
      diff_output_(output_),
      output_tiles_(output_, std::max(input_.depth, output_.depth), threads),
      input_tiles_(input_, std::max(input_.depth, output_.depth), threads) {
  diff_output_.front = taps_ - 1 - input_.front;
  diff_output_.top = kTaps - 1 - input_.top;
  diff_output_.left = kTaps - 1 - input_.left;
  const onednn::Dims dims{taps_ * kPlanes, output_.channels, input_.channels};
  of_fprop_ = onednn::Desc(dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::acb);
  of_dgrad_ = onednn::Desc(dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::abc);
  to_fprop_ = onednn::reorder_plan(of_dgrad_, of_fprop_);
  to_dgrad_ = onednn::reorder_plan(of_fprop_, of_dgrad_);
}

int64_t Winograd::packed_bytes() const { return sizeof(float) * taps_ * kPlanes * weights(); }

int64_t Winograd::pack_scratch_bytes() const { return packed_bytes() + onednn::aligned(to_fprop_.scratch_bytes()); }

int64_t Winograd::plane_step(const Images &images, const Tiles &tiles) const {
  return images.depth * tiles.per_chunk * images.channels + kPlanePadding;
}

// Both sides of one chunk.
int64_t Winograd::worker_elements(const Tiles &tiles) const {
  return kPlanes * (plane_step(input_, tiles) + plane_step(output_, tiles));
}

int64_t Winograd::fprop_scratch_bytes() const {
  return sizeof(float) * output_tiles_.workers * worker_elements(output_tiles_);
}

int64_t Winograd::dgrad_scratch_bytes() const {
  const int64_t chunks = sizeof(float) * input_tiles_.workers * worker_elements(input_tiles_);
  return packed_bytes() + std::max(onednn::aligned(to_dgrad_.scratch_bytes()), chunks);
}

int64_t Winograd::wgrad_scratch_bytes() const { return fprop_scratch_bytes() + output_tiles_.workers * packed_bytes(); }

void Winograd::pack(const float *plain, float factor, float *packed, float *scratch) const {
  const int64_t channels = input_.channels;
  for_each_item(output_.channels, [=](int64_t out, int) {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      const float *const from = plain + (out * taps_ + tap) * kWeights * channels;
      float *const to = scratch + tap * kPlanes * weights() + out * channels;
      for (int64_t c = 0; c < channels; c += kLanes) {
        Lanes taps[kWeights], values[kPlanes];
        for (int64_t i = 0; i < kWeights; ++i) taps[i] = factor * lanes(from + i * channels + c);
        winograd::transform<winograd::WeightTransform>(taps, values);
        for (int64_t i = 0; i < kPlanes; ++i) lanes(to + i * weights() + c) = values[i];
      }
    }
  });
  to_fprop_.run({{DNNL_ARG_FROM, onednn::wrap(of_dgrad_, scratch)}, {DNNL_ARG_TO, onednn::wrap(of_fprop_, packed)}},
                scratch + packed_bytes() / sizeof(float));
}

// The transform of what each tile, or its window, has in the images.
template <typename Transform>
void Winograd::gather(const Images &images, const Tiles &tiles, const Chunk &chunk, const float *from, Planes planes) {
  constexpr int64_t extent = Transform::kFrom;
  const int64_t channels = images.channels;
  float *to = planes.data;
  for (int64_t slice = 0; slice < images.depth; ++slice) {
    for (int64_t tile = chunk.first; tile < chunk.last; ++tile, to += channels) {
      const int64_t row = tile / tiles.columns;  // of all images' tiles
      const int64_t top = row % tiles.rows * kTile - images.top, left = tile % tiles.columns * kTile - images.left;
      const float *const image =
          from + (row / tiles.rows * images.depth + slice) * images.height * images.width * channels;
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
        for (int64_t i = 0; i < kPlanes; ++i) lanes(to + i * planes.step + c) = values[i];
      }
    }
  }
}

// The tiles, cut off at the edge of the images.
void Winograd::scatter(const Images &images, const Tiles &tiles, const Chunk &chunk, Planes planes, float *to) {
  const int64_t channels = images.channels;
  const float *from = planes.data;
  for (int64_t slice = 0; slice < images.depth; ++slice) {
    for (int64_t tile = chunk.first; tile < chunk.last; ++tile, from += channels) {
      const int64_t row = tile / tiles.columns;
      const int64_t top = row % tiles.rows * kTile, left = tile % tiles.columns * kTile;
      float *const image = to + (row / tiles.rows * images.depth + slice) * images.height * images.width * channels;
      for (int64_t c = 0; c < channels; c += kLanes) {
        Lanes values[kPlanes], outputs[kTile * kTile];
        for (int64_t i = 0; i < kPlanes; ++i) values[i] = lanes(from + i * planes.step + c);
        winograd::transform<winograd::OutputTransform>(values, outputs);
        for (int64_t y = 0; y < std::min(kTile, images.height - top); ++y) {
          for (int64_t x = 0; x < std::min(kTile, images.width - left); ++x) {
            lanes(image + ((top + y) * images.width + left + x) * channels + c) = outputs[y * kTile + x];
          }
        }
      }
    }
  }
}

// The i-th chunk, in the memory of a worker.
Winograd::Chunk Winograd::chunk(const Tiles &tiles, int64_t i, int64_t worker) {
  const int64_t first = i * tiles.per_chunk;
  return {worker, first, std::min(tiles.count, first + tiles.per_chunk)};
}

// outputs = the products with the weights, summed over the taps of the depth. oneDNN computes each with the calling
// thread alone, inside of a parallel region.
dnnl_status_t Winograd::multiply(const Images &from, const Images &to, const Chunk &chunk, bool is_adjoint,
                                 Planes inputs, const float *transformed, Planes outputs) const {
  const int64_t row_from = chunk.size() * from.channels, row_to = chunk.size() * to.channels;  // of one slice
  for (int64_t i = 0; i < kPlanes; ++i) {
    float *const output = outputs.data + i * outputs.step;
    bool adds = false;
    for (int64_t tap = 0; tap < taps_; ++tap) {
      const Slices slices(from.depth, to.depth, from.front, tap);
      if (slices.count() < to.depth && !adds) {
        std::fill_n(output, to.depth * row_to, 0.0f);
        adds = true;
      }
      if (slices.count() == 0) continue;
      // dgrad has the taps in reverse order along every axis.
      const int64_t weight_plane =
          is_adjoint ? (taps_ - 1 - tap) * kPlanes + winograd::mirrored_plane(i) : tap * kPlanes + i;
      const dnnl_status_t status = dnnl_sgemm('N', 'N', slices.count() * chunk.size(), to.channels, from.channels, 1,
                                              inputs.data + i * inputs.step + slices.from * row_from, from.channels,
                                              transformed + weight_plane * weights(), to.channels, adds ? 1.0f : 0.0f,
                                              output + slices.begin * row_to, to.channels);
      if (status != dnnl_success) return status;
      adds = true;
    }
  }
  return dnnl_success;
}

void Winograd::correlate(const Images &from, const Images &to, const Tiles &tiles, bool is_adjoint, const float *src,
                         const float *transformed, float *dst, float *scratch) const {
  multiply_each(tiles.chunks, [&](int64_t item, int participant) {
    const Chunk chunk = Winograd::chunk(tiles, item, participant);
    const Planes inputs{scratch + chunk.worker * worker_elements(tiles), plane_step(from, tiles)};
    const Planes outputs{inputs.data + kPlanes * inputs.step, plane_step(to, tiles)};
    gather<winograd::InputTransform>(from, tiles, chunk, src, inputs);
    const dnnl_status_t status = multiply(from, to, chunk, is_adjoint, inputs, transformed, outputs);
    scatter(to, tiles, chunk, outputs, dst);
    return status;
  });
}

void Winograd::fprop(const float *src, const float *packed, float *dst, float *scratch) const {
  correlate(input_, output_, output_tiles_, false, src, packed, dst, scratch);
}

void Winograd::dgrad(const float *diff_dst, const float *packed, float *diff_src, float *scratch) const {
  float *const rest = scratch + packed_bytes() / sizeof(float);
  to_dgrad_.run({{DNNL_ARG_FROM, onednn::wrap(of_fprop_, packed)}, {DNNL_ARG_TO, onednn::wrap(of_dgrad_, scratch)}},
                rest);
  correlate(diff_output_, input_, input_tiles_, true, diff_dst, scratch, diff_src, rest);
}

// sums [kD, 36, O, I] of one worker = or += the products of its outputs' gradients with its inputs.
dnnl_status_t Winograd::add_products(const Chunk &chunk, Planes inputs, Planes outputs, bool adds, float *sums) const {
  const int64_t row_in = chunk.size() * input_.channels, row_out = chunk.size() * output_.channels;
  for (int64_t tap = 0; tap < taps_; ++tap) {
    const Slices slices(input_.depth, output_.depth, input_.front, tap);
    for (int64_t i = 0; i < kPlanes; ++i, sums += weights()) {
      if (slices.count() == 0) {
        std::fill_n(sums, weights(), 0.0f);
        continue;
      }
      const dnnl_status_t status =
          dnnl_sgemm('T', 'N', output_.channels, input_.channels, slices.count() * chunk.size(), 1,
                     outputs.data + i * outputs.step + slices.begin * row_out, output_.channels,
                     inputs.data + i * inputs.step + slices.from * row_in, input_.channels, adds ? 1.0f : 0.0f, sums,
                     input_.channels);
      if (status != dnnl_success) return status;
    }
  }
  return dnnl_success;
}

// The scratch has the sums of all workers, then their chunks. Each worker takes chunks of its own in their order: the
// sums have the same bits every time.
void Winograd::wgrad(const float *src, const float *diff_dst, float *diff_weights, float *scratch) const {
  const Tiles &tiles = output_tiles_;
  const int64_t sums = taps_ * kPlanes * weights();
  multiply_each(tiles.workers, [&](int64_t worker, int) {
    float *const memory = scratch + tiles.workers * sums + worker * worker_elements(tiles);
    const Planes inputs{memory, plane_step(input_, tiles)};
    const Planes outputs{memory + kPlanes * inputs.step, plane_step(output_, tiles)};
    const int64_t begin = worker * tiles.chunks / tiles.workers, end = (worker + 1) * tiles.chunks / tiles.workers;
    dnnl_status_t status = dnnl_success;
    for (int64_t i = begin; i < end && status == dnnl_success; ++i) {
      const Chunk chunk = Winograd::chunk(tiles, i, worker);
      gather<winograd::InputTransform>(input_, tiles, chunk, src, inputs);
      gather<winograd::OutputGradientTransform>(output_, tiles, chunk, diff_dst, outputs);
      status = add_products(chunk, inputs, outputs, i > begin, scratch + worker * sums);
    }
    return status;
  });
  transform_sums(scratch, diff_weights);
}

void Winograd::transform_sums(const float *sums, float *diff_weights) const {
  const int64_t channels = input_.channels, worker_step = taps_ * kPlanes * weights();
  for_each_item(output_.channels, [=](int64_t out, int) {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      const float *const from = sums + tap * kPlanes * weights() + out * channels;
      float *const to = diff_weights + (out * taps_ + tap) * kWeights * channels;
      for (int64_t c = 0; c < channels; c += kLanes) {
        Lanes values[kPlanes], taps[kWeights];
        for (int64_t i = 0; i < kPlanes; ++i) {
          const float *const value = from + i * weights() + c;
          values[i] = lanes(value);
          for (int64_t worker = 1; worker < output_tiles_.workers; ++worker) {
            values[i] += lanes(value + worker * worker_step);
          }
        }
        winograd::transform<winograd::WeightGradientTransform>(values, taps);
        for (int64_t i = 0; i < kWeights; ++i) lanes(to + i * channels + c) = taps[i];
      }
    }
  });
}

}  // namespace revup
