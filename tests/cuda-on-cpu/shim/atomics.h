// Atomic read-modify-write: blocks run on several processor threads, so these are real. Each returns the old value.
#pragma once

#include <atomic>
#include <type_traits>

#include "order.h"

namespace cushim {

template <typename T, typename Change>
T update(T *address, Change change) {
  order::begin_atomic();
  std::atomic_ref<T> target(*address);
  T old = target.load(order::of_atomics);
  while (!target.compare_exchange_weak(old, change(old), order::of_atomics)) {
  }
  order::end_atomic(address);
  return old;
}

}  // namespace cushim

template <typename T>
T atomicAdd(T *address, std::type_identity_t<T> value) {
  return cushim::update(address, [value](T old) { return static_cast<T>(old + value); });
}

template <typename T>
T atomicMax(T *address, std::type_identity_t<T> value) {
  return cushim::update(address, [value](T old) { return old < value ? value : old; });
}

template <typename T>
T atomicMin(T *address, std::type_identity_t<T> value) {
  return cushim::update(address, [value](T old) { return value < old ? value : old; });
}

template <typename T>
T atomicExch(T *address, std::type_identity_t<T> value) {
  return cushim::update(address, [value](T) { return value; });
}

template <typename T>
T atomicCAS(T *address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return cushim::update(address, [expected, value](T old) { return old == expected ? value : old; });
}

// Counts to `limit` and then from 0 again.
inline unsigned atomicInc(unsigned *address, unsigned limit) {
  return cushim::update(address, [limit](unsigned old) { return old >= limit ? 0 : old + 1; });
}

inline void __threadfence(cushim::order::Site site = cushim::order::Site::current()) { cushim::order::fence(site); }
inline void __threadfence_block(cushim::order::Site site = cushim::order::Site::current()) { __threadfence(site); }
