// The storage types of activations, float and bfloat16, and the dispatch from revup_type to them. Arithmetic is float.
#pragma once

#include <cstdint>
#include <cstring>

#include "../include/revup_cpu.h"

namespace revup {

// An enumeration, not a structure: a type of its own for overloads, and still a scalar to the vectoriser.
enum class bfloat16 : uint16_t {};

inline uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline float load(float value) { return value; }
inline float load(bfloat16 value) { return float_of(static_cast<uint32_t>(value) << 16); }

inline void store(float value, float &to) { to = value; }
// Rounds to nearest even. A NaN becomes quiet and keeps its sign: rounding it could carry into an infinity.
inline void store(float value, bfloat16 &to) {
  const uint32_t bits = bits_of(value);
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const uint32_t chosen = value != value ? bits | 0x400000 : rounded;
  to = static_cast<bfloat16>(chosen >> 16);
}

// Calls body with a value of the storage type that `type` (already checked) names.
template <typename Body>
void with_type(revup_type type, Body body) {
  if (type == REVUP_FLOAT32) {
    body(float{});
  } else {
    body(bfloat16{});
  }
}

}  // namespace revup
