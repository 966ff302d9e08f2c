// Barriers and the exchanges between the lanes of a warp.
#pragma once

#include <cstring>

#include "block.h"

namespace cushim {

inline int lane() { return position.thread % warp_lanes; }

template <typename T>
T shuffle(unsigned mask, T value, int source) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a shuffle moves 8 bytes at the most");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = position.block->exchange(mask, WarpOperation::shuffle, bits, source);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cushim

inline void __syncthreads(cushim::order::Site site = cushim::order::Site::current()) {
  cushim::position.block->synchronize(site);
}

inline void __syncwarp(unsigned mask = 0xffffffffu, cushim::order::Site site = cushim::order::Site::current()) {
  cushim::position.block->synchronize_warp(mask, site);
}

// `width` splits the warp into segments; a source outside of the own segment is the own lane.
template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = cushim::warp_lanes) {
  const int base = cushim::lane() & ~(width - 1);
  return cushim::shuffle(mask, value, base | (source & (width - 1)));
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = cushim::warp_lanes) {
  const int lane = cushim::lane(), within = lane & (width - 1);
  return cushim::shuffle(mask, value, within + static_cast<int>(delta) < width ? lane + static_cast<int>(delta) : lane);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = cushim::warp_lanes) {
  const int lane = cushim::lane(), within = lane & (width - 1);
  return cushim::shuffle(mask, value, within >= static_cast<int>(delta) ? lane - static_cast<int>(delta) : lane);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int pattern, int width = cushim::warp_lanes) {
  const int lane = cushim::lane(), source = lane ^ pattern;
  // A lower segment may be read, a higher one may not.
  return cushim::shuffle(mask, value, (source & ~(width - 1)) <= (lane & ~(width - 1)) ? source : lane);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(
      cushim::position.block->exchange(mask, cushim::WarpOperation::ballot, predicate != 0, cushim::lane()));
}

inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
