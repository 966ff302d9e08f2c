// The border of the C ABI: argument checks and the translation of exceptions into a status with a message.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string>

#include "../include/revup_cpu.h"

namespace revup {

// What a caller did wrong, or what cannot be done here; becomes a status at the border.
class Failure : public std::exception {
 public:
  Failure(revup_status status, std::string message) : status_(status), message_(std::move(message)) {}
  revup_status status() const { return status_; }
  const char *what() const noexcept override { return message_.c_str(); }

 private:
  revup_status status_;
  std::string message_;
};

[[noreturn]] inline void fail(const std::string &message) { throw Failure(REVUP_INVALID_ARGUMENT, message); }

inline void require(bool condition, const char *message) {
  if (!condition) fail(message);
}

inline void require_count(int64_t count, const char *name) {
  if (count < 0) fail(std::string(name) + " is " + std::to_string(count) + "; it must not be negative");
  // Byte offsets and rounding up to whole lines or pages stay within 64 bits.
  if (count > INT64_MAX / 8) {
    fail(std::string(name) + " is " + std::to_string(count) + "; that is past any address space");
  }
}

// `alignment` in bytes; tensors have REVUP_ALIGNMENT.
inline void require_pointer(const void *pointer, const char *name, uintptr_t alignment = REVUP_ALIGNMENT) {
  if (pointer == nullptr) fail(std::string(name) + " is null");
  if (reinterpret_cast<uintptr_t>(pointer) % alignment != 0) {
    fail(std::string(name) + " is not aligned to " + std::to_string(alignment) + " bytes");
  }
}

template <typename T>
void require_scalar(const T *pointer, const char *name) {
  require_pointer(pointer, name, alignof(T));
}

inline void require_type(revup_type type, const char *name) {
  if (type != REVUP_FLOAT32 && type != REVUP_BFLOAT16) {
    fail(std::string(name) + " is " + std::to_string(type) + "; it must be 0 (float32) or 1 (bfloat16)");
  }
}

// Remembers the message for revup_last_error and returns the status. Never throws.
revup_status remember(revup_status status, const char *message) noexcept;

// Applies the thread count of revup_set_threads to the calling thread's OpenMP regions, oneDNN's included.
void use_configured_threads() noexcept;

// The body of every exported function: no exception leaves it.
template <typename Body>
revup_status guarded(Body body) noexcept {
  try {
    use_configured_threads();
    body();
    return REVUP_OK;
  } catch (const Failure &failure) {
    return remember(failure.status(), failure.what());
  } catch (const std::bad_alloc &) {
    return remember(REVUP_OUT_OF_MEMORY, "the system has no memory left for a temporary buffer");
  } catch (const std::exception &exception) {
    return remember(REVUP_INTERNAL, exception.what());
  } catch (...) {
    return remember(REVUP_INTERNAL, "an exception of unknown type");
  }
}

}  // namespace revup
