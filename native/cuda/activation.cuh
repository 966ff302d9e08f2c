// The pointwise functions with Lipschitz constant 1.
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

// 0 identity, 1 ReLU, 2 ELU. Chosen outside the loop: the branch is uniform and costs nothing per element.
template <typename Body>
__device__ inline void with_activation(int activation, Body body) {
  if (activation == 0) {
    body(Identity{});
  } else if (activation == 1) {
    body(Relu{});
  } else {
    body(Elu{});
  }
}

}  // namespace revup
