// The border of the CPU library: the argument checks that its functions share.
#pragma once

#include <cstdint>
#include <string>

#include "../common/border.h"
#include "../include/revup_cpu.h"

namespace revup {

inline void require_count(int64_t count, const char *name) {
  if (count < 0) fail(std::string(name) + " is " + std::to_string(count) + "; it must not be negative");
  // Byte offsets and rounding up to whole lines or pages stay within 64 bits.
  if (count > INT64_MAX / 8) {
    fail(std::string(name) + " is " + std::to_string(count) + "; that is past any address space");
  }
}

// Tensors have REVUP_ALIGNMENT.
inline void require_pointer(const void *pointer, const char *name) { require_aligned(pointer, name, REVUP_ALIGNMENT); }

// A row of a tensor starts at any of its elements.
inline void require_elements(const void *pointer, revup_type type, const char *name) {
  require_aligned(pointer, name, type == REVUP_FLOAT32 ? sizeof(float) : sizeof(uint16_t));
}

template <typename T>
void require_scalar(const T *pointer, const char *name) {
  require_aligned(pointer, name, alignof(T));
}

inline void require_type(revup_type type, const char *name) {
  if (type != REVUP_FLOAT32 && type != REVUP_BFLOAT16) {
    fail(std::string(name) + " is " + std::to_string(type) + "; it must be 0 (float32) or 1 (bfloat16)");
  }
}

// Limits oneDNN as REVUP_MAX_ISA says, at the first call; fails at every call if it does not say what can be done.
void require_isa_limit();

// Applies the thread count of revup_set_threads to the calling thread's OpenMP regions, oneDNN's included.
void use_configured_threads() noexcept;

// The body of every exported function: no exception leaves it.
template <typename Body>
revup_status guarded(Body body) noexcept {
  return translated([&] {
    require_isa_limit();
    use_configured_threads();
    body();
  });
}

}  // namespace revup
