#include "patch_convolution.h"

#include <algorithm>

namespace revup {
namespace {

using onednn::Desc;
using onednn::Dims;
using onednn::Plan;

// With fewer channels the joined pixels are too short.
constexpr int64_t kFewestChannels = 32;

}  // namespace

bool PatchConvolution::suits(const ConvolutionGeometry &geometry) {
  const auto &value = geometry.value;
  if (geometry.is_trained() || onednn::has_isa(dnnl_cpu_isa_avx512_core) || value.rank != 2 ||
      value.type != REVUP_FLOAT32 || value.groups != 1 || value.in_channels < kFewestChannels || geometry.taps() == 1) {
    return false;
  }
  for (int32_t i = 0; i < value.rank; ++i) {
    if (value.kernel[i] != value.stride[i] || value.padding[i] != 0 || value.input[i] % value.kernel[i] != 0) {
      return false;
    }
  }
  return true;
}

PatchConvolution::PatchConvolution(const ConvolutionGeometry &geometry)
    : rows_(geometry.kernel[0]),
      kernel_(geometry.kernel),
      input_(geometry.input),
      joined_(geometry.value.in_channels * geometry.kernel[1]),
      dst_(geometry.destination()) {
  revup_convolution_geometry joined = geometry.value;
  joined.in_channels = static_cast<int32_t>(joined_);
  joined.input[1] /= joined.kernel[1];
  joined.kernel[0] = joined.kernel[1] = joined.stride[1] = 1;
  const ConvolutionGeometry one_tap(joined);
  src_ = one_tap.source();
  const auto describe = [&](const Desc &weights, bool adds) {
    dnnl::primitive_attr attributes = onednn::caller_owned_scratch();
    dnnl::post_ops sum;
    sum.append_sum();
    if (adds) attributes.set_post_ops(sum);
    return onednn::describe<dnnl::convolution_forward>(
        nullptr, attributes,
        std::tuple(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, src_, weights, dst_,
                   one_tap.stride, one_tap.padding, one_tap.padding));
  };
  const auto first = describe(one_tap.preferred_weights(geometry.type()), false);
  packed_ = first.weights_desc();
  row_bytes_ = onednn::aligned(packed_.get_size());
  first_ = Plan(first);
  next_ = Plan(describe(packed_, true));
  // One row of the plain weights [O, rows, joined].
  plain_ = Desc({geometry.value.out_channels, joined_, 1, 1}, dnnl::memory::data_type::f32,
                {rows_ * joined_, 1, joined_, joined_});
  pack_ = onednn::reorder_plan(plain_, packed_);
}

int64_t PatchConvolution::fprop_scratch_bytes() const {
  return onednn::aligned(std::max(first_.scratch_bytes(), next_.scratch_bytes()));
}

void PatchConvolution::pack(const float *plain, void *packed, void *scratch) const {
  for (int64_t row = 0; row < rows_; ++row) {
    pack_.run({{DNNL_ARG_FROM, onednn::wrap(plain_, plain + row * joined_)},
               {DNNL_ARG_TO, onednn::wrap(packed_, static_cast<char *>(packed) + row * row_bytes_)}},
              scratch);
  }
}

void PatchConvolution::fprop(const float *src, const void *packed, float *dst, void *scratch) const {
  const int64_t line = input_[1] / kernel_[1] * joined_;
  for (int64_t row = 0; row < rows_; ++row) {
    (row == 0 ? first_ : next_)
        .run({{DNNL_ARG_SRC, onednn::wrap(src_, src + row * line)},
              {DNNL_ARG_WEIGHTS, onednn::wrap(packed_, static_cast<const char *>(packed) + row * row_bytes_)},
              {DNNL_ARG_DST, onednn::wrap(dst_, dst)}},
             scratch);
  }
}

}  // namespace revup
