// A stack for a device thread that has to wait, and the switch between two stacks.
#pragma once

#include <cstddef>

#include "order.h"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace cushim {

class Fiber {
 public:
  using Entry = void (*)();

  // The stack that the caller is already on: the first switch leaves it.
  Fiber();
  // A stack of its own, on which `entry` starts at the first switch. `entry` must call `started` and never return.
  // Fibers with different colours do not compete for the same cache lines.
  Fiber(Entry entry, size_t colour);
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  // Leaves `from`, which must be running, and continues `to`; returns when something switches back.
  static void switch_to(Fiber &from, Fiber &to);
  static void started();

 private:
  void *mapping_ = nullptr;  // the stack, above a page that no one may touch
  const void *bottom_ = nullptr;
  size_t size_ = 0;
  void *sanitizer_state_ = nullptr;
  [[no_unique_address]] order::Identity identity_;
#if defined(__x86_64__)
  void *stack_pointer_ = nullptr;
#else
  ucontext_t context_;
#endif
};

}  // namespace cushim
