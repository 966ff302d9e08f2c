// Loops over elements in 16-byte accesses. Values are float32 in registers whatever their storage type.
#pragma once

#include <cstring>

#include "launch.cuh"

namespace revup {

// A width as a value, so that it can be handed to a lambda.
template <int count>
struct Width {
  static constexpr int value = count;
};

template <int width>
struct Floats {
  float at[width];
};

// Elements per access of one thread when these storage types are read and written together: the narrowest type fills
// 16 bytes, wider ones take two accesses.
template <typename... Types>
constexpr int pack_width = (... || (sizeof(Types) == 2)) ? 8 : 4;

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(bf16 value) { return __bfloat162float(value); }
__device__ inline void from_float(float value, float &to) { to = value; }
__device__ inline void from_float(float value, bf16 &to) { to = __float2bfloat16(value); }

template <int width, typename T>
__device__ inline Floats<width> load(const T *from) {
  Floats<width> values;
  constexpr int lanes = 16 / sizeof(T);
  if constexpr (width < lanes) {
    for (int k = 0; k < width; ++k) values.at[k] = to_float(from[k]);
  } else {
    static_assert(width % lanes == 0, "a pack is made of whole 16-byte accesses");
    for (int first = 0; first < width; first += lanes) {
      const uint4 raw = *reinterpret_cast<const uint4 *>(from + first);
      T parts[lanes];
      memcpy(parts, &raw, sizeof raw);
      for (int k = 0; k < lanes; ++k) values.at[first + k] = to_float(parts[k]);
    }
  }
  return values;
}

template <int width, typename T>
__device__ inline void store(const Floats<width> &values, T *to) {
  constexpr int lanes = 16 / sizeof(T);
  if constexpr (width < lanes) {
    for (int k = 0; k < width; ++k) from_float(values.at[k], to[k]);
  } else {
    for (int first = 0; first < width; first += lanes) {
      T parts[lanes];
      for (int k = 0; k < lanes; ++k) from_float(values.at[first + k], parts[k]);
      uint4 raw;
      memcpy(&raw, parts, sizeof raw);
      *reinterpret_cast<uint4 *>(to + first) = raw;
    }
  }
}

// Calls body(Width<w>, first) for this thread's packs of those that together cover [0, n): whole packs, then the last
// elements in runs of `rest`, which divides n and the width. `thread` counts from 0 to `threads`.
template <int width, int rest = 1, typename Body>
__device__ inline void for_each_pack(long long n, long long thread, long long threads, Body body) {
  const long long whole = n / width * width;
  for (long long i = thread * width; i < whole; i += threads * width) body(Width<width>{}, i);
  for (long long i = whole + thread * rest; i < n; i += threads * rest) body(Width<rest>{}, i);
}

// The same over the grid.
template <int width, int rest = 1, typename Body>
__device__ inline void for_each_pack(long long n, Body body) {
  for_each_pack<width, rest>(n, global_thread(), grid_threads(), body);
}

// Calls body(i) for i in [0, n), where i is 32 bits wide if n allows: a 64-bit division costs about five 32-bit ones,
// and with several per access a kernel would no longer be bound by memory.
template <typename Body>
__device__ inline void for_each_index(long long n, Body body) {
  if (n <= 0x7fffffff) {
    const unsigned stride = static_cast<unsigned>(grid_threads()), count = static_cast<unsigned>(n);
    for (unsigned i = static_cast<unsigned>(global_thread()); i < count; i += stride) body(i);
  } else {
    const unsigned long long stride = grid_threads(), count = n;
    for (unsigned long long i = global_thread(); i < count; i += stride) body(i);
  }
}

// Calls body(Width<width>) if runs of `channels` elements are whole packs of that width, and body(Width<rest>) if not.
template <int width = 4, int rest = 1, typename Body>
__device__ inline void with_channel_width(long long channels, Body body) {
  if (channels % width == 0) {
    body(Width<width>{});
  } else {
    body(Width<rest>{});
  }
}

}  // namespace revup
