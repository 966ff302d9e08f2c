// The activations: functions with Lipschitz constant 1.
#pragma once

#include "vector.cuh"

namespace revup {

// value: act(t). gradient: g * act'(t), a selection where act' is 0 or 1, so that 0 * infinity cannot arise.
// gradient_of_result: the same from y = act(t) + b in bfloat16, and b rounded to it.
struct Identity {
  __device__ static float value(float t) { return t; }
  __device__ static float gradient(float, float g) { return g; }
  __device__ static float gradient_of_result(float, float, float, float g) { return g; }
};

struct Relu {
  __device__ static float value(float t) { return t < 0.0f ? 0.0f : t; }  // lets a NaN pass
  __device__ static float gradient(float t, float g) { return t > 0.0f ? g : 0.0f; }
  __device__ static float gradient_of_result(float y, float, float rounded, float g) { return y > rounded ? g : 0.0f; }
};

struct Elu {
  __device__ static float value(float t) { return t > 0.0f ? t : expm1f(t); }
  __device__ static float gradient(float t, float g) { return t > 0.0f ? g : g * expf(t); }
  __device__ static float gradient_of_result(float y, float b, float, float g) {
    const float value = y - b, slope = value + 1.0f;  // exp(t) where t < 0
    return value > 0.0f ? g : g * (slope > 0.0f ? slope : 0.0f);
  }
};

// dx += factor * dy * act', from the results of act. Adds to sums what factor * dy * act' and factor * dy add up to.
template <typename Function, int width>
__device__ inline void add_gradient_of_result(Function, const Floats<width> &y, const Floats<width> &dy, float b,
                                              float rounded, float factor, Floats<width> &dx, double (&sums)[2]) {
  float run_sums[2] = {};
  for (int k = 0; k < width; ++k) {
    const float g = factor * dy.at[k];
    const float d = Function::gradient_of_result(y.at[k], b, rounded, g);
    dx.at[k] += d;
    run_sums[0] += d;
    run_sums[1] += g;
  }
  for (int i = 0; i < 2; ++i) sums[i] += static_cast<double>(run_sums[i]);
}

// An activation maps runs of kRun neighbouring channels: value(t) replaces t by act(t), gradient(t, g) replaces g by
// the product of act's transposed Jacobian at t and g.
template <typename Function>
struct Pointwise {
  static constexpr int kRun = 1;
  __device__ static void value(float *t) { *t = Function::value(*t); }
  __device__ static void gradient(const float *t, float *g) { *g = Function::gradient(*t, *g); }
};

// (t0, t1) -> (max, min): GroupSort of 2 (arXiv 1811.05381, section 4). A permutation: it keeps the norm of g.
struct MaxMin {
  static constexpr int kRun = 2;
  __device__ static void value(float *t) { exchange_if(t[0] < t[1], t); }
  __device__ static void gradient(const float *t, float *g) { exchange_if(t[0] < t[1], g); }

 private:
  __device__ static void exchange_if(bool exchanged, float *pair) {
    const float first = pair[0], second = pair[1];
    pair[0] = exchanged ? second : first;
    pair[1] = exchanged ? first : second;
  }
};

// 0 identity, 1 ReLU, 2 ELU, 3 MaxMin. Chosen outside the loop: the branch is uniform and costs nothing per element.
template <typename Body>
__device__ inline void with_activation(int activation, Body body) {
  if (activation == 0) {
    body(Pointwise<Identity>{});
  } else if (activation == 1) {
    body(Pointwise<Relu>{});
  } else if (activation == 2) {
    body(Pointwise<Elu>{});
  } else {
    body(MaxMin{});
  }
}

// The same for those whose gradient follows from their result: MaxMin's has lost the order of its t.
template <typename Body>
__device__ inline void with_pointwise(int activation, Body body) {
  if (activation == 0) {
    body(Identity{});
  } else if (activation == 1) {
    body(Relu{});
  } else {
    body(Elu{});
  }
}

// act(t + a) + b of a pack.
template <typename Activation, int width>
__device__ inline Floats<width> activated(Floats<width> t, float a, float b) {
  for (int k = 0; k < width; ++k) t.at[k] += a;
  for (int k = 0; k < width; k += Activation::kRun) Activation::value(t.at + k);
  for (int k = 0; k < width; ++k) t.at[k] += b;
  return t;
}

}  // namespace revup
