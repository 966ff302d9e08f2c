// The border of a C ABI: exceptions become a status, and a message that the calling thread can ask for.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "../include/revup_status.h"

namespace revup {

// A caller's mistake, an impossible request, or damaged data; becomes a status at the border.
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

// `alignment` in bytes.
inline void require_aligned(const void *pointer, const char *name, uintptr_t alignment) {
  if (pointer == nullptr) fail(std::string(name) + " is null");
  if (reinterpret_cast<uintptr_t>(pointer) % alignment != 0) {
    fail(std::string(name) + " is not aligned to " + std::to_string(alignment) + " bytes");
  }
}

// Remembers the message for last_error() and returns the status. Never throws.
revup_status remember(revup_status status, const char *message) noexcept;

// The calling thread's last remembered message, or "".
const char *last_error() noexcept;

template <typename Body>
revup_status translated(Body body) noexcept {
  try {
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
