// The activations: functions with Lipschitz constant 1.
#pragma once

namespace revup {

// value: act(t). gradient: g * act'(t), a selection where act' is 0 or 1, so that 0 * infinity cannot arise.
struct Identity {
  __device__ static float value(float t) { return t; }
  __device__ static float gradient(float, float g) { return g; }
};

struct Relu {
  __device__ static float value(float t) { return t < 0.0f ? 0.0f : t; }  // lets a NaN pass
  __device__ static float gradient(float t, float g) { return t > 0.0f ? g : 0.0f; }
};

struct Elu {
  __device__ static float value(float t) { return t > 0.0f ? t : expm1f(t); }
  __device__ static float gradient(float t, float g) { return t > 0.0f ? g : g * expf(t); }
};

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

}  // namespace revup
