// What orders the memory accesses of device threads, told to ThreadSanitizer: barriers, and fences beside atomic
// operations; nothing else. A build without CUSHIM_RACES tells no one.
#pragma once

#include <atomic>
#include <source_location>

#if defined(CUSHIM_RACES)
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>
#endif

namespace cushim::order {

// A barrier or fence in the source of a kernel.
using Site = std::source_location;

#if defined(CUSHIM_RACES)

constexpr bool is_watched = true;
constexpr auto of_atomics = std::memory_order_relaxed;

// A device thread as ThreadSanitizer knows it: a fiber. It starts with what the processor thread of its block has seen.
// In the next launch it is another device thread: ThreadSanitizer takes a tenth of a millisecond to make a fiber.
class Identity {
 public:
  struct OfCaller {};

  Identity();
  explicit Identity(OfCaller);
  ~Identity();
  Identity(const Identity &) = delete;
  Identity &operator=(const Identity &) = delete;

  // The calling processor thread goes on as this device thread.
  void enter();

 private:
  friend void fence(Site);
  friend void begin_atomic();
  friend void end_atomic(void *);
  void become(void *fiber) const;
  void begin();

  void *own_;
  bool is_owned_;
  uintptr_t launch_ = 0;            // the last that the thread was in
  size_t fences_ = 0;               // that the thread has passed in this launch
  std::vector<void *> publishers_;  // fibers: each has seen what the thread did before the fence of its place
  std::vector<void *> atomics_;     // addresses of the thread's atomic operations
  char passage_ = 0;                // orders the thread and one of its publishers, which runs in its place
};

// Threads meet: whoever passes has seen what all others did before they arrived.
class Meeting {
 public:
  void arrive(Site site);
  void pass(Site site);

 private:
  char object_ = 0;
};

// An atomic operation orders nothing by itself. After a fence it publishes what came before the fence. A fence behind
// it sees what the operations that it follows published.
void fence(Site site);
void begin_atomic();
void end_atomic(void *address);

// A launch begins, a block of it begins on the calling processor thread, and the launch is over: its caller sees what
// all device threads that ended did.
void begin_launch();
void begin_block();
void end_thread();
void end_launch();

// File and line.
using Place = std::pair<std::string, unsigned>;
// The places of barriers and fences that were reached since the last call.
std::set<Place> take_reached();
// From now on the barrier or fence there is waited for as ever, but orders nothing. An empty place ends it.
void ignore(const Place &place);

#else

constexpr bool is_watched = false;
constexpr auto of_atomics = std::memory_order_seq_cst;

struct Identity {
  struct OfCaller {};
  Identity() = default;
  explicit Identity(OfCaller) {}
  void enter() {}
};

struct Meeting {
  void arrive(Site) {}
  void pass(Site) {}
};

inline void fence(Site) { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void begin_atomic() {}
inline void end_atomic(void *) {}
inline void begin_launch() {}
inline void begin_block() {}
inline void end_thread() {}
inline void end_launch() {}

#endif

}  // namespace cushim::order
