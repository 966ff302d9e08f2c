// Convolutions with 3x3 taps at stride 1 by Winograd's transforms (winograd_transforms.h): in about half the time of
// direct ones, with rounding errors of about twice the size. Every worker takes some tiles at a time through the
// transform, the products of all planes (oneDNN's sgemm) and back, in memory that stays in its caches.
#pragma once

#include "convolution_geometry.h"

namespace revup {

class Winograd {
 public:
  // Whether fprop and dgrad would be faster than by direct convolution, with transformed weights that take no more than
  // twice the memory of the images; a matter of the geometry alone.
  static bool suits_data(const ConvolutionGeometry &geometry);
  // Whether wgrad would be, with the sums of all threads likewise.
  static bool suits_weights(const ConvolutionGeometry &geometry, int threads);

  Winograd(const ConvolutionGeometry &geometry, int threads);

  int64_t packed_bytes() const;
  int64_t fprop_scratch_bytes() const;
  int64_t dgrad_scratch_bytes() const;
  int64_t wgrad_scratch_bytes() const;

  // packed [36, O, I] = the transform of factor * weights, for fprop and dgrad alike.
  void pack(const float *weights, float factor, float *packed) const;
  void fprop(const float *src, const float *packed, float *dst, float *scratch) const;
  void dgrad(const float *diff_dst, const float *packed, float *diff_src, float *scratch) const;
  void wgrad(const float *src, const float *diff_dst, float *diff_weights, float *scratch) const;

 private:
  // [batch, height, width, channels], with zeros above and left of each image that windows of the first tiles reach.
  struct Images {
    int64_t batch, height, width, channels, top, left;
  };

  // The tiles that cover the outputs of a batch, in chunks that each belong to one worker.
  struct Tiles {
    Tiles(const Images &outputs, int threads);
    int64_t rows, columns, count, per_chunk, chunks, workers;
  };

  template <typename Transform>
  static void gather(const Images &images, const Tiles &tiles, int64_t first, int64_t last, const float *from,
                     float *planes, int64_t plane_step);
  static void scatter(const Images &images, const Tiles &tiles, int64_t first, int64_t last, const float *planes,
                      int64_t plane_step, float *to);
  template <typename Body>
  static void for_each_chunk(const Tiles &tiles, Body body);
  int64_t worker_elements(const Tiles &tiles) const;
  void correlate(const Images &from, const Images &to, const Tiles &tiles, bool is_adjoint, const float *src,
                 const float *packed, float *dst, float *scratch) const;
  void transform_sums(const float *sums, int64_t worker_step, float *diff_weights) const;

  Images input_, output_, diff_output_;  // diff_output_: the output as dgrad's windows see it
  Tiles output_tiles_, input_tiles_;
};

}  // namespace revup
