// act(x + a) + b of all elements, shared by the operations that write it.
#pragma once

#include "activation.h"
#include "bfloat16.h"
#include "parallel.h"

namespace revup {

template <typename Activation, typename X, typename Y>
void preactivate(int64_t count, const X *x, float a, float b, Y *y) {
  parallel_for(count, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; i += Activation::kRun) {
      float t[Activation::kRun];
      for (int64_t k = 0; k < Activation::kRun; ++k) t[k] = load(x[i + k]) + a;
      Activation::value(t);
      for (int64_t k = 0; k < Activation::kRun; ++k) store(t[k] + b, y[i + k]);
    }
  });
}

}  // namespace revup
