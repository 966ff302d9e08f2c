// The geometry of a convolution as checked values, and its tensors as oneDNN descriptors.
#pragma once

#include <optional>
#include <string>

#include "onednn.h"

namespace revup {

struct ConvolutionGeometry {
  // Throws Failure, naming the field, unless every extent is in range and the output is not empty.
  explicit ConvolutionGeometry(const revup_convolution_geometry &geometry);

  // "3x3 bfloat16 convolution of 128x32x32x64 to 64 channels, stride 1x1, padding 1x1, groups 1".
  std::string text() const;

  // Channels-last activations of the geometry's type, in oneDNN's logical order N C (D) H W.
  onednn::Desc source() const;
  onednn::Desc destination() const;
  // O (D) H W I/groups in float32; logical order (G) O/G I/G (D) H W, with the leading G only where groups > 1.
  onednn::Desc plain_weights() const;
  // The weights that adjoint() has, in the memory of plain_weights() with its taps in reverse order.
  onednn::Desc plain_adjoint_weights() const;
  // The same logical tensor in whatever layout the implementation likes best.
  onednn::Desc preferred_weights(dnnl::memory::data_type type) const;
  dnnl::memory::data_type type() const;
  int64_t weight_count() const;
  bool is_trained() const { return value.use == REVUP_TRAINING; }
  int64_t taps() const;
  double products() const;  // of a direct convolution
  // The convolution whose fprop, with weights transposed and mirrored, is dgrad of this one; none where this one has a
  // stride, or more padding than its kernel reaches.
  std::optional<ConvolutionGeometry> adjoint() const;
  // Whether along every axis some window, the input that one output position sees, has no padding in it.
  bool has_inner_window() const;

  revup_convolution_geometry value;
  onednn::Dims input, kernel, stride, padding, output;  // rank of them

 private:
  onednn::Dims weight_dims() const;
  onednn::Desc activations(int64_t channels, const onednn::Dims &extents) const;
};

}  // namespace revup
