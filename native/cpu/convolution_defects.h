// Faults of oneDNN's convolutions, and the implementations refused because of them. Found by comparing fprop, dgrad
// and wgrad with the oracle, in poisoned and guarded memory, on thousands of random geometries with oneDNN 2.6.3 and
// 3.7.2, on AVX2, AVX-512 and AVX-512 BF16. Each defect is a geometry of the conformance suite.
#pragma once

#include <algorithm>

#include "convolution_geometry.h"

namespace revup {

// Parts of implementation names; null where every implementation is right.
struct RefusedImplementations {
  const char *fprop = nullptr, *dgrad = nullptr, *wgrad = nullptr;
};

inline RefusedImplementations refused_implementations(const ConvolutionGeometry &geometry) {
  const bool bfloat16 = geometry.value.type == REVUP_BFLOAT16;
  const auto is_one = [](int64_t extent) { return extent == 1; };
  const bool pointwise = std::all_of(geometry.kernel.begin(), geometry.kernel.end(), is_one);
  const bool strided = !std::all_of(geometry.stride.begin(), geometry.stride.end(), is_one);
  RefusedImplementations refused;
  // Reads the pairs of a single input channel with padding in all windows as if they were interleaved (3.7.2).
  if (bfloat16 && !geometry.has_inner_window() && geometry.value.in_channels == geometry.value.groups) {
    refused.fprop = "brg_conv_fwd";
  }
  // Wrong at the last 29 or 30 positions, as with 5x6 images, for an odd number of output channels (2.6.3).
  if (bfloat16 && geometry.value.out_channels / geometry.value.groups % 2 == 1) refused.dgrad = "jit_bf16_1x1";
  // Gathers the source at a stride into a scratch that it asked for too little of, and writes past its end.
  if (pointwise && strided) refused.wgrad = bfloat16 ? "jit_bf16_1x1" : "jit_1x1:avx2";
  // Wrong, and writing before its scratch, where padding cuts into all windows: volumes of depth 2 under 3x3x3.
  if (bfloat16 && !geometry.has_inner_window()) refused.wgrad = "jit_bf16";
  return refused;
}

}  // namespace revup
