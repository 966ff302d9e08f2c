// fprop, dgrad and wgrad of one geometry, by oneDNN, by Winograd's transforms or row by row of its patches; weight
// layouts and scratch.
#include "convolution_defects.h"
#include "patch_convolution.h"
#include "winograd.h"

#include <algorithm>

using revup::ConvolutionGeometry;
using revup::RefusedImplementations;
using revup::require_pointer;
using revup::onednn::Desc;

namespace {

namespace onednn = revup::onednn;
using onednn::Plan;
using onednn::reorder_plan;

void *at(void *memory, int64_t bytes) { return static_cast<char *>(memory) + bytes; }
const void *at(const void *memory, int64_t bytes) { return static_cast<const char *>(memory) + bytes; }
float *floats(void *memory) { return static_cast<float *>(memory); }
const float *floats(const void *memory) { return static_cast<const float *>(memory); }

void require_trained(const ConvolutionGeometry &geometry) {
  revup::require(geometry.is_trained(), "the convolution was created for inference, which has fprop alone");
}

void require_scratch(const void *scratch, int64_t bytes) {
  if (bytes > 0) require_pointer(scratch, "scratch");
}

}  // namespace

struct revup_convolution {
  explicit revup_convolution(const ConvolutionGeometry &checked);
  void plan_data(const dnnl::convolution_forward::primitive_desc &forward);
  void plan_dgrad(const dnnl::convolution_forward::primitive_desc &forward);

  ConvolutionGeometry geometry;
  int threads;  // of Winograd's convolution, which divides its work and its scratch among them
  Desc src, dst, plain_weights, fprop_weights, dgrad_weights, wgrad_weights;
  std::optional<revup::Winograd> winograd;         // for the passes whose algorithm the sizes give as that
  std::optional<revup::PatchConvolution> patches;  // in place of a direct fprop
  Plan fprop, dgrad, wgrad, pack_fprop, pack_dgrad, unpack_wgrad;
  bool dgrad_is_fprop = false;  // of the adjoint geometry, on mirrored weights
  // Where the second part of packed and of each scratch begins.
  int64_t scaled_bytes = 0, dgrad_offset = 0, gradient_bytes = 0;
  revup_convolution_sizes sizes;
};

revup_convolution::revup_convolution(const ConvolutionGeometry &checked)
    : geometry(checked),
      threads(revup::participants()),
      src(checked.source()),
      dst(checked.destination()),
      plain_weights(checked.plain_weights()),
      sizes{} {
  const onednn::ThreadCount count(onednn::threads_for(geometry.products()));  // oneDNN's
  const auto direct = dnnl::algorithm::convolution_direct;
  const auto attributes = onednn::caller_owned_scratch();
  const auto &stride = geometry.stride, &padding = geometry.padding;
  const Desc weights = geometry.preferred_weights(geometry.type());
  const Desc gradient = geometry.preferred_weights(dnnl::memory::data_type::f32);

  const RefusedImplementations refused = revup::refused_implementations(geometry);
  const auto forward = onednn::describe<dnnl::convolution_forward>(
      refused.fprop, attributes,
      std::tuple(dnnl::prop_kind::forward_training, direct, src, weights, dst, stride, padding, padding));
  const bool transforms_data = revup::Winograd::suits_data(geometry, threads);
  const bool transforms_weights = geometry.is_trained() && revup::Winograd::suits_weights(geometry, threads);
  sizes.data_algorithm = transforms_data ? REVUP_WINOGRAD : REVUP_DIRECT;
  sizes.weights_algorithm = transforms_weights ? REVUP_WINOGRAD : REVUP_DIRECT;
  if (transforms_data || transforms_weights) winograd.emplace(geometry, threads);
  std::copy(geometry.output.begin(), geometry.output.end(), sizes.output);
  if (transforms_data) {
    sizes.packed_bytes = winograd->packed_bytes();
    sizes.pack_scratch_bytes = winograd->pack_scratch_bytes();
    sizes.fprop_scratch_bytes = winograd->fprop_scratch_bytes();
    sizes.dgrad_scratch_bytes = winograd->dgrad_scratch_bytes();
  } else {
    plan_data(forward);
  }
  if (!geometry.is_trained()) {
    sizes.dgrad_scratch_bytes = 0;
    return;
  }
  if (transforms_weights) {
    sizes.wgrad_scratch_bytes = winograd->wgrad_scratch_bytes();
    return;
  }
  const auto backward_weights = onednn::describe<dnnl::convolution_backward_weights>(
      refused.wgrad, attributes, std::tuple(direct, src, gradient, dst, stride, padding, padding), forward);
  wgrad = Plan(backward_weights);
  wgrad_weights = backward_weights.diff_weights_desc();
  if (wgrad_weights != plain_weights) {
    unpack_wgrad = reorder_plan(wgrad_weights, plain_weights);
    gradient_bytes = onednn::aligned(wgrad_weights.get_size());
  }
  sizes.wgrad_scratch_bytes =
      gradient_bytes + onednn::aligned(std::max(wgrad.scratch_bytes(), unpack_wgrad.scratch_bytes()));
}

void revup_convolution::plan_data(const dnnl::convolution_forward::primitive_desc &forward) {
  scaled_bytes = onednn::aligned(sizeof(float) * geometry.weight_count());
  if (revup::PatchConvolution::suits(geometry)) {
    patches.emplace(geometry);
    sizes.packed_bytes = patches->packed_bytes();
    sizes.pack_scratch_bytes = scaled_bytes + patches->pack_scratch_bytes();
    sizes.fprop_scratch_bytes = patches->fprop_scratch_bytes();
    return;
  }
  fprop = Plan(forward);
  fprop_weights = forward.weights_desc();
  if (geometry.is_trained()) plan_dgrad(forward);

  pack_fprop = reorder_plan(plain_weights, fprop_weights);
  sizes.packed_bytes = onednn::aligned(fprop_weights.get_size());
  if (geometry.is_trained() && (dgrad_is_fprop || dgrad_weights != fprop_weights)) {
    pack_dgrad = reorder_plan(dgrad_is_fprop ? geometry.plain_adjoint_weights() : plain_weights, dgrad_weights);
    dgrad_offset = sizes.packed_bytes;
    sizes.packed_bytes += onednn::aligned(dgrad_weights.get_size());
  }
  sizes.pack_scratch_bytes =
      scaled_bytes + onednn::aligned(std::max(pack_fprop.scratch_bytes(), pack_dgrad.scratch_bytes()));
  sizes.fprop_scratch_bytes = onednn::aligned(fprop.scratch_bytes());
  sizes.dgrad_scratch_bytes = onednn::aligned(dgrad.scratch_bytes());
}

// oneDNN 2.6 computes dgrad 7 to 12 % slower than fprop with the same arithmetic on AVX-512, and 20 % slower on AVX2.
// At stride 1 it is the fprop of the adjoint geometry, and computed as that.
void revup_convolution::plan_dgrad(const dnnl::convolution_forward::primitive_desc &forward) {
  const auto direct = dnnl::algorithm::convolution_direct;
  const auto attributes = onednn::caller_owned_scratch();
  const std::optional<ConvolutionGeometry> adjoint = geometry.adjoint();
  dgrad_is_fprop = adjoint.has_value();
  if (dgrad_is_fprop) {
    const auto description = onednn::describe<dnnl::convolution_forward>(
        revup::refused_implementations(*adjoint).fprop, attributes,
        std::tuple(dnnl::prop_kind::forward_training, direct, adjoint->source(),
                   adjoint->preferred_weights(geometry.type()), adjoint->destination(), adjoint->stride,
                   adjoint->padding, adjoint->padding));
    dgrad = Plan(description);
    dgrad_weights = description.weights_desc();
    return;
  }
  const auto description = onednn::describe<dnnl::convolution_backward_data>(
      revup::refused_implementations(geometry).dgrad, attributes,
      std::tuple(direct, src, geometry.preferred_weights(geometry.type()), dst, geometry.stride, geometry.padding,
                 geometry.padding),
      forward);
  dgrad = Plan(description);
  dgrad_weights = description.weights_desc();
}

namespace {

// to = factor * from, from [O, taps, I/groups]; mirrored: with the taps in reverse order.
void scale_weights(const ConvolutionGeometry &geometry, const float *from, float factor, bool mirrored, float *to) {
  const int64_t taps = geometry.taps(), channels = geometry.value.in_channels / geometry.value.groups;
  revup::for_each_item(geometry.value.out_channels, [=](int64_t out, int) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const float *const row = from + (out * taps + tap) * channels;
      float *const target = to + (out * taps + (mirrored ? taps - 1 - tap : tap)) * channels;
#pragma omp simd
      for (int64_t i = 0; i < channels; ++i) target[i] = factor * row[i];
    }
  });
}

// The body of every function on a handle: with the handle's thread count, and with its geometry in oneDNN's errors.
template <typename Body>
revup_status guarded_on(const revup_convolution *handle, Body body) noexcept {
  return revup::guarded([&] {
    revup::require(handle != nullptr, "handle is null");
    const onednn::ThreadCount count(handle->threads);
    onednn::translated([&] { return handle->geometry.text(); }, body);
  });
}

}  // namespace

revup_status revup_convolution_create(const revup_convolution_geometry *geometry, revup_convolution **handle) {
  return revup::guarded([&] {
    revup::require_scalar(geometry, "geometry");
    revup::require_scalar(handle, "handle");
    const ConvolutionGeometry checked(*geometry);
    onednn::translated([&] { return checked.text(); }, [&] { *handle = new revup_convolution(checked); });
  });
}

revup_status revup_convolution_destroy(revup_convolution *handle) {
  return revup::guarded([&] { delete handle; });
}

revup_status revup_convolution_query(const revup_convolution *handle, revup_convolution_sizes *sizes) {
  return guarded_on(handle, [&] {
    revup::require_scalar(sizes, "sizes");
    *sizes = handle->sizes;
  });
}

revup_status revup_convolution_pack(const revup_convolution *handle, const float *weights, const float *scale,
                                    void *packed, void *scratch) {
  return guarded_on(handle, [&] {
    require_pointer(weights, "weights");
    if (scale != nullptr) revup::require_scalar(scale, "scale");
    require_pointer(packed, "packed");
    require_scratch(scratch, handle->sizes.pack_scratch_bytes);
    // Reorders round once, from the product: scaling after a bfloat16 rounding would round twice.
    const ConvolutionGeometry &geometry = handle->geometry;
    const float factor = scale != nullptr ? *scale : 1;
    if (handle->sizes.data_algorithm == REVUP_WINOGRAD) {
      handle->winograd->pack(weights, factor, floats(packed), floats(scratch));
      return;
    }
    float *const copy = static_cast<float *>(scratch);
    void *const rest = at(scratch, handle->scaled_bytes);
    const float *plain = weights;
    if (factor != 1) {
      scale_weights(geometry, weights, factor, false, copy);
      plain = copy;
    }
    if (handle->patches) {
      handle->patches->pack(plain, packed, rest);
      return;
    }
    handle->pack_fprop.run({{DNNL_ARG_FROM, onednn::wrap(handle->plain_weights, plain)},
                            {DNNL_ARG_TO, onednn::wrap(handle->fprop_weights, packed)}},
                           rest);
    if (handle->dgrad_offset == 0) return;
    Desc from = handle->plain_weights;
    if (handle->dgrad_is_fprop) {
      from = geometry.plain_adjoint_weights();
      if (geometry.taps() > 1) {
        scale_weights(geometry, weights, factor, true, copy);
        plain = copy;
      }
    }
    handle->pack_dgrad.run({{DNNL_ARG_FROM, onednn::wrap(from, plain)},
                            {DNNL_ARG_TO, onednn::wrap(handle->dgrad_weights, at(packed, handle->dgrad_offset))}},
                           rest);
  });
}

revup_status revup_convolution_fprop(const revup_convolution *handle, const void *src, const void *packed, void *dst,
                                     void *scratch) {
  return guarded_on(handle, [&] {
    require_pointer(src, "src");
    require_pointer(packed, "packed");
    require_pointer(dst, "dst");
    require_scratch(scratch, handle->sizes.fprop_scratch_bytes);
    if (handle->sizes.data_algorithm == REVUP_WINOGRAD) {
      handle->winograd->fprop(floats(src), floats(packed), floats(dst), floats(scratch));
      return;
    }
    if (handle->patches) {
      handle->patches->fprop(floats(src), packed, floats(dst), scratch);
      return;
    }
    handle->fprop.run({{DNNL_ARG_SRC, onednn::wrap(handle->src, src)},
                       {DNNL_ARG_WEIGHTS, onednn::wrap(handle->fprop_weights, packed)},
                       {DNNL_ARG_DST, onednn::wrap(handle->dst, dst)}},
                      scratch);
  });
}

revup_status revup_convolution_dgrad(const revup_convolution *handle, const void *diff_dst, const void *packed,
                                     void *diff_src, void *scratch) {
  return guarded_on(handle, [&] {
    require_pointer(diff_dst, "diff_dst");
    require_pointer(packed, "packed");
    require_pointer(diff_src, "diff_src");
    require_trained(handle->geometry);
    require_scratch(scratch, handle->sizes.dgrad_scratch_bytes);
    if (handle->sizes.data_algorithm == REVUP_WINOGRAD) {
      handle->winograd->dgrad(floats(diff_dst), floats(packed), floats(diff_src), floats(scratch));
      return;
    }
    const void *const weights = at(packed, handle->dgrad_offset);
    const bool forward = handle->dgrad_is_fprop;
    handle->dgrad.run({{forward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, onednn::wrap(handle->dst, diff_dst)},
                       {DNNL_ARG_WEIGHTS, onednn::wrap(handle->dgrad_weights, weights)},
                       {forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, onednn::wrap(handle->src, diff_src)}},
                      scratch);
  });
}

revup_status revup_convolution_wgrad(const revup_convolution *handle, const void *src, const void *diff_dst,
                                     float *diff_weights, void *scratch) {
  return guarded_on(handle, [&] {
    require_pointer(src, "src");
    require_pointer(diff_dst, "diff_dst");
    require_pointer(diff_weights, "diff_weights");
    require_trained(handle->geometry);
    require_scratch(scratch, handle->sizes.wgrad_scratch_bytes);
    if (handle->sizes.weights_algorithm == REVUP_WINOGRAD) {
      handle->winograd->wgrad(floats(src), floats(diff_dst), diff_weights, floats(scratch));
      return;
    }
    const bool plain = handle->gradient_bytes == 0;
    const auto result = onednn::wrap(handle->wgrad_weights, plain ? static_cast<void *>(diff_weights) : scratch);
    void *const rest = at(scratch, handle->gradient_bytes);
    handle->wgrad.run({{DNNL_ARG_SRC, onednn::wrap(handle->src, src)},
                       {DNNL_ARG_DIFF_DST, onednn::wrap(handle->dst, diff_dst)},
                       {DNNL_ARG_DIFF_WEIGHTS, result}},
                      rest);
    if (!plain) {
      const auto to = onednn::wrap(handle->plain_weights, diff_weights);
      handle->unpack_wgrad.run({{DNNL_ARG_FROM, result}, {DNNL_ARG_TO, to}}, rest);
    }
  });
}
