// Convolutions with 3x3 taps, in one or several slices of a volume, at stride 1 by Winograd's transforms of the slices
// (winograd_transforms.h): in about half the time of direct ones, with rounding errors of about twice the size. Every
// worker takes some tiles at a time through the transform, the products of all planes (oneDNN's sgemm) and back, in
// memory that stays in its caches.
#pragma once

#include "convolution_geometry.h"

namespace revup {

class Winograd {
 public:
  // Whether fprop and dgrad would be faster than by direct convolution. In training the transformed weights must not
  // take much more memory than the images.
  static bool suits_data(const ConvolutionGeometry &geometry, int threads);
  // Whether wgrad would be faster. The sums of all threads must not take much more memory than the images.
  static bool suits_weights(const ConvolutionGeometry &geometry, int threads);

  Winograd(const ConvolutionGeometry &geometry, int threads);

  int64_t packed_bytes() const;
  int64_t pack_scratch_bytes() const;
  int64_t fprop_scratch_bytes() const;
  int64_t dgrad_scratch_bytes() const;
  int64_t wgrad_scratch_bytes() const;

  // packed [kD, 36, I, O] = the transform of factor * plain weights, as fprop wants it; dgrad transposes it again.
  void pack(const float *plain, float factor, float *packed, float *scratch) const;
  void fprop(const float *src, const float *packed, float *dst, float *scratch) const;
  void dgrad(const float *diff_dst, const float *packed, float *diff_src, float *scratch) const;
  void wgrad(const float *src, const float *diff_dst, float *diff_weights, float *scratch) const;

 private:
  // [batch, depth, height, width, channels], with zeros before, above and left of each image that its first windows
  // reach. Pictures have a depth of 1.
  struct Images {
    int64_t batch, depth, height, width, channels, front, top, left;
  };

  // The tiles that cover the outputs, each through the whole depth, in chunks that belong to one worker each.
  struct Tiles {
    Tiles(const Images &outputs, int64_t depth, int threads);
    int64_t rows, columns, count, per_chunk, chunks, workers;
  };

  struct Chunk {
    int64_t worker, first, last;  // tiles
    int64_t size() const { return last - first; }
  };

  // 36 matrices of [slice, tile of the chunk] rows and channels as columns, each `step` behind the one before.
  struct Planes {
    float *data;
    int64_t step;
  };

  static Images images(const ConvolutionGeometry &geometry, const onednn::Dims &extents, int64_t channels,
                       const onednn::Dims &zeros);
  template <typename Transform>
  static void gather(const Images &images, const Tiles &tiles, const Chunk &chunk, const float *from, Planes planes);
  static void scatter(const Images &images, const Tiles &tiles, const Chunk &chunk, Planes planes, float *to);
  static Chunk chunk(const Tiles &tiles, int64_t i, int64_t worker);

  int64_t weights() const { return output_.channels * input_.channels; }
  int64_t plane_step(const Images &images, const Tiles &tiles) const;
  int64_t worker_elements(const Tiles &tiles) const;
  dnnl_status_t multiply(const Images &from, const Images &to, const Chunk &chunk, bool is_adjoint, Planes inputs,
                         const float *transformed, Planes outputs) const;
  dnnl_status_t add_products(const Chunk &chunk, Planes inputs, Planes outputs, bool adds, float *sums) const;
  void correlate(const Images &from, const Images &to, const Tiles &tiles, bool is_adjoint, const float *src,
                 const float *transformed, float *dst, float *scratch) const;
  void transform_sums(const float *sums, float *diff_weights) const;

  int64_t taps_;                         // along the depth
  Images input_, output_, diff_output_;  // diff_output_: the output as dgrad's windows see it
  Tiles output_tiles_, input_tiles_;
  onednn::Desc of_fprop_, of_dgrad_;  // transformed weights in memory as [I, O] and as [O, I]
  onednn::Plan to_fprop_, to_dgrad_;
};

}  // namespace revup
