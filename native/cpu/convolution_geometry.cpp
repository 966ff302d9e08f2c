#include "convolution_geometry.h"

#include <functional>
#include <limits>
#include <numeric>
#include <utility>

namespace revup {
namespace {

using onednn::Desc;
using onednn::Dims;

void require_range(int64_t value, int64_t least, const std::string &name) {
  // oneDNN's kernels hold single extents in 32 bits.
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  if (value < least || value > most) {
    fail(name + " is " + std::to_string(value) + "; it must lie in " + std::to_string(least) + ".." +
         std::to_string(most));
  }
}

// Fails unless the tensor's bytes, at 4 an element, can be counted in 64 bits.
void require_addressable(int64_t count, const Dims &extents, const char *name) {
  count = 4 * count;
  for (const int64_t extent : extents) {
    if (__builtin_mul_overflow(count, extent, &count)) {
      fail(std::string("the elements of ") + name + " overflow 64 bits; reduce the batch, the channels or the extents");
    }
  }
}

std::string joined(const Dims &values) {
  std::string text;
  for (const int64_t value : values) text += (text.empty() ? "" : "x") + std::to_string(value);
  return text;
}

// Strides of a dense tensor whose innermost dimension is logical dimension `innermost` and whose other dimensions lie
// in their logical order: channels-last out of oneDNN's channels-first order.
Dims channels_last_strides(const Dims &dims, size_t innermost) {
  Dims strides(dims.size());
  int64_t stride = dims[innermost];
  for (size_t i = dims.size(); i-- > 0;) {
    if (i == innermost) continue;
    strides[i] = stride;
    stride *= dims[i];
  }
  strides[innermost] = 1;
  return strides;
}

}  // namespace

ConvolutionGeometry::ConvolutionGeometry(const revup_convolution_geometry &geometry) : value(geometry) {
  if (value.rank != 2 && value.rank != 3) {
    fail("geometry.rank is " + std::to_string(value.rank) + "; it must be 2 or 3 spatial dimensions");
  }
  require_type(value.type, "geometry.type");
  if (value.use != REVUP_TRAINING && value.use != REVUP_INFERENCE) {
    fail("geometry.use is " + std::to_string(value.use) + "; it must be 0 (training) or 1 (inference)");
  }
  require_range(value.batch, 1, "geometry.batch");
  require_range(value.in_channels, 1, "geometry.in_channels");
  require_range(value.out_channels, 1, "geometry.out_channels");
  require_range(value.groups, 1, "geometry.groups");
  if (value.in_channels % value.groups != 0 || value.out_channels % value.groups != 0) {
    fail("geometry.groups is " + std::to_string(value.groups) + "; it must divide the " +
         std::to_string(value.in_channels) + " input and the " + std::to_string(value.out_channels) +
         " output channels");
  }
  for (int32_t i = 0; i < value.rank; ++i) {
    const std::string index = "[" + std::to_string(i) + "]";
    require_range(value.input[i], 1, "geometry.input" + index);
    require_range(value.kernel[i], 1, "geometry.kernel" + index);
    require_range(value.stride[i], 1, "geometry.stride" + index);
    require_range(value.padding[i], 0, "geometry.padding" + index);
    const int64_t slack = value.input[i] + 2 * value.padding[i] - value.kernel[i];
    if (slack < 0) {
      fail("geometry.kernel" + index + " is " + std::to_string(value.kernel[i]) + ", more than the input of " +
           std::to_string(value.input[i]) + " with a padding of " + std::to_string(value.padding[i]) +
           " on both sides; enlarge the input or the padding");
    }
    input.push_back(value.input[i]);
    kernel.push_back(value.kernel[i]);
    stride.push_back(value.stride[i]);
    padding.push_back(value.padding[i]);
    output.push_back(slack / value.stride[i] + 1);
    require_range(output.back(), 1, "the output extent" + index);
  }
  // Each first factor is below 2^31, and 4 times it fits.
  Dims extents = input;
  extents.push_back(value.in_channels);
  require_addressable(value.batch, extents, "src");
  extents = output;
  extents.push_back(value.out_channels);
  require_addressable(value.batch, extents, "dst");
  extents = kernel;
  extents.push_back(value.in_channels);
  require_addressable(value.out_channels, extents, "weights");
}

std::string ConvolutionGeometry::text() const {
  return joined(kernel) + (value.type == REVUP_BFLOAT16 ? " bfloat16" : " float32") + " convolution of " +
         std::to_string(value.batch) + "x" + joined(input) + "x" + std::to_string(value.in_channels) + " to " +
         std::to_string(value.out_channels) + " channels, stride " + joined(stride) + ", padding " + joined(padding) +
         ", groups " + std::to_string(value.groups);
}

dnnl::memory::data_type ConvolutionGeometry::type() const {
  return value.type == REVUP_BFLOAT16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

Desc ConvolutionGeometry::activations(int64_t channels, const Dims &extents) const {
  Dims dims{value.batch, channels};
  dims.insert(dims.end(), extents.begin(), extents.end());
  return Desc(dims, type(), value.rank == 2 ? dnnl::memory::format_tag::nhwc : dnnl::memory::format_tag::ndhwc);
}

Desc ConvolutionGeometry::source() const { return activations(value.in_channels, input); }

Desc ConvolutionGeometry::destination() const { return activations(value.out_channels, output); }

Dims ConvolutionGeometry::weight_dims() const {
  Dims dims{value.out_channels / value.groups, value.in_channels / value.groups};
  if (value.groups > 1) dims.insert(dims.begin(), value.groups);
  dims.insert(dims.end(), kernel.begin(), kernel.end());
  return dims;
}

Desc ConvolutionGeometry::plain_weights() const {
  const Dims dims = weight_dims();
  return Desc(dims, dnnl::memory::data_type::f32, channels_last_strides(dims, value.groups > 1 ? 2 : 1));
}

Desc ConvolutionGeometry::plain_adjoint_weights() const {
  Dims dims = weight_dims();
  const size_t first = value.groups > 1 ? 1 : 0;
  Dims strides = channels_last_strides(dims, first + 1);
  std::swap(dims[first], dims[first + 1]);
  std::swap(strides[first], strides[first + 1]);
  return Desc(dims, dnnl::memory::data_type::f32, strides);
}

Desc ConvolutionGeometry::preferred_weights(dnnl::memory::data_type weight_type) const {
  return Desc(weight_dims(), weight_type, dnnl::memory::format_tag::any);
}

int64_t ConvolutionGeometry::weight_count() const {
  return value.out_channels * taps() * (value.in_channels / value.groups);
}

int64_t ConvolutionGeometry::taps() const {
  return std::accumulate(kernel.begin(), kernel.end(), int64_t{1}, std::multiplies<>());
}

double ConvolutionGeometry::products() const {
  double positions = static_cast<double>(value.batch);
  for (const int64_t extent : output) positions *= static_cast<double>(extent);
  return positions * static_cast<double>(weight_count());
}

std::optional<ConvolutionGeometry> ConvolutionGeometry::adjoint() const {
  revup_convolution_geometry swapped = value;
  std::swap(swapped.in_channels, swapped.out_channels);
  for (int32_t i = 0; i < value.rank; ++i) {
    if (value.stride[i] != 1 || value.padding[i] >= value.kernel[i]) return std::nullopt;
    swapped.input[i] = output[i];
    swapped.padding[i] = value.kernel[i] - 1 - value.padding[i];
  }
  return ConvolutionGeometry(swapped);
}

bool ConvolutionGeometry::has_inner_window() const {
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t skipped = padding[i] % stride[i] == 0 ? 0 : stride[i] - padding[i] % stride[i];
    if (skipped + kernel[i] > input[i]) return false;
  }
  return true;
}

}  // namespace revup
