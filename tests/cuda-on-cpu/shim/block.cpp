#include "block.h"

#include <cstring>

#include "matrix.h"

namespace cushim {

constinit thread_local Position position{};

namespace {

// Every byte set: NaN as float, double and bfloat16. What uninitialised shared memory and absent lanes hold.
constexpr unsigned char poison = 0xff;

// A race detector must not take one device thread for another: each then has a stack and an identity of its own.
constexpr bool fiber_per_thread = order::is_watched;

// A fiber parked by one launch may go on in another on another processor thread: the compiler must not keep the address
// of a thread-local variable across a switch, hence functions that are never inlined.
[[gnu::noinline]] void move_to(const Position &to) {
  asm volatile("");
  position = to;
}

[[gnu::noinline]] Block *entered_block() {
  asm volatile("");
  return position.block;
}

}  // namespace

bool Block::run(const Grid &grid, uint64_t index, Body body, void **arguments, std::string &failure) {
  grid_ = &grid;
  block_index_ = {static_cast<unsigned>(index % grid.blocks.x),
                  static_cast<unsigned>(index / grid.blocks.x % grid.blocks.y),
                  static_cast<unsigned>(index / grid.blocks.x / grid.blocks.y)};
  body_ = body;
  arguments_ = arguments;
  count_ = live_ = static_cast<int>(grid.threads.x * grid.threads.y * grid.threads.z);
  next_ = at_barrier_ = 0;
  states_.assign(count_, State::ready);
  fiber_of_.assign(count_, nullptr);
  warps_.assign((count_ + warp_lanes - 1) / warp_lanes, Warp{});
  thread_indices_.clear();
  const Index3 &extent = grid.threads;
  for (unsigned z = 0; z < extent.z; ++z) {
    for (unsigned y = 0; y < extent.y; ++y) {
      for (unsigned x = 0; x < extent.x; ++x) thread_indices_.push_back({x, y, z});
    }
  }
  for (int thread = 0; thread < count_; ++thread) warps_[thread / warp_lanes].alive |= 1u << thread % warp_lanes;
  shared_storage_.assign(grid.shared_bytes + 16, static_cast<char>(poison));
  shared_ = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(shared_storage_.data()) + 15) & ~uintptr_t{15});
  scheduler_ = std::make_unique<Fiber>();
  if (fiber_per_thread) {
    order::begin_block();
    while (fibers_.size() < states_.size()) add_fiber();
    idle_.clear();
    for (const auto &fiber : fibers_) idle_.push_back(fiber.get());
  }
  enter(0);

  while (live_ > 0 && failure_.empty()) {
    Fiber *const next = next_runnable(count_ - 1);
    if (next != nullptr) {
      Fiber::switch_to(*scheduler_, *next);
    } else {
      failure_ = deadlock();
    }
  }
  if (failure_.empty()) return true;
  failure.swap(failure_);
  failure_.clear();
  idle_.clear();
  fibers_.clear();
  return false;
}

void Block::enter(int thread) { move_to({this, thread_indices_[thread], thread}); }

// Fresh threads first, then the next after `after` that can go on; null when none can. Waiting threads switch to it
// directly: by way of the scheduler each step would cost twice.
Fiber *Block::next_runnable(int after) {
  if (next_ == count_) {
    for (int i = 1; i <= count_; ++i) {
      const int thread = (after + i) < count_ ? after + i : after + i - count_;
      if (states_[thread] == State::ready) return fiber_of_[thread];
    }
    return nullptr;
  }
  if (idle_.empty()) add_fiber();
  running_ = idle_.back();
  idle_.pop_back();
  return running_;
}

void Block::add_fiber() {
  fibers_.push_back(std::make_unique<Fiber>(&Block::fiber_main, fibers_.size()));
  idle_.push_back(fibers_.back().get());
}

void Block::fiber_main() {
  Fiber::started();
  for (;;) entered_block()->take_threads();
}

// A thread that never waits costs a call: its fiber takes the next fresh one at once. Only who waits keeps a fiber.
void Block::take_threads() {
  Fiber &self = *running_;
  do {
    const int thread = next_++;
    fiber_of_[thread] = &self;
    enter(thread);
    body_(arguments_);
    order::end_thread();
    leave(thread);
  } while (!fiber_per_thread && next_ < count_);
  Fiber *const next = next_runnable(0);
  if (!fiber_per_thread) idle_.push_back(&self);
  Fiber::switch_to(self, next == nullptr ? *scheduler_ : *next);
}

void Block::wait(int thread) {
  if (states_[thread] == State::ready) return;
  Fiber *const next = next_runnable(thread);
  Fiber::switch_to(*fiber_of_[thread], next == nullptr ? *scheduler_ : *next);
  enter(thread);
}

// By value: this frame is never left, so a string of the caller's would never be freed.
void Block::fail(std::string message) {
  failure_ = std::move(message);
  Fiber::switch_to(*fiber_of_[position.thread], *scheduler_);
  __builtin_unreachable();
}

void Block::leave(int thread) {
  states_[thread] = State::left;
  --live_;
  Warp &warp = warps_[thread / warp_lanes];
  warp.alive &= ~(1u << thread % warp_lanes);
  if (warp.waiting == 0) return;
  // Lanes that waited for this one alone go on: the device waits for lanes that have not exited.
  for (int lane = 0; lane < warp_lanes; ++lane) {
    if ((warp.waiting >> lane & 1) != 0) complete(thread / warp_lanes * warp_lanes, warp, warp.lanes[lane].mask);
  }
}

void Block::synchronize(order::Site site) {
  const int thread = position.thread;
  order::Meeting &meeting = barrier_.next();
  meeting.arrive(site);
  states_[thread] = State::at_block_barrier;
  // The barrier waits for all threads of the block; those that left can never come, which the deadlock names.
  if (++at_barrier_ == count_) {
    at_barrier_ = 0;
    ++barrier_.times;
    for (State &state : states_) state = State::ready;
  }
  wait(thread);
  meeting.pass(site);
}

void Block::synchronize_warp(uint32_t mask, order::Site site) {
  const int thread = position.thread;
  order::Meeting &meeting = warps_[thread / warp_lanes].barriers[mask].next();
  meeting.arrive(site);
  exchange(mask, WarpOperation::barrier, 0, thread % warp_lanes);
  meeting.pass(site);
}

uint64_t Block::exchange(uint32_t mask, WarpOperation operation, uint64_t value, int source) {
  const int thread = position.thread, lane = thread % warp_lanes;
  if ((mask >> lane & 1) == 0) {
    fail("lane " + std::to_string(lane) + " called a warp function whose mask does not contain it");
  }
  Warp &warp = warps_[thread / warp_lanes];
  warp.lanes[lane] = {mask, operation, source, value, 0};
  warp.waiting |= 1u << lane;
  states_[thread] = State::at_warp_operation;
  complete(thread - lane, warp, mask);
  wait(thread);
  return warp.lanes[lane].result;
}

// If all living lanes of the mask wait with this mask: gives each its result and lets them go on.
void Block::complete(int first_thread, Warp &warp, uint32_t mask) {
  const uint32_t present = mask & warp.alive;
  if ((warp.waiting & present) != present) return;
  uint32_t votes = 0;
  const Lane *any = nullptr;
  for (int lane = 0; lane < warp_lanes; ++lane) {
    if ((present >> lane & 1) == 0) continue;
    const Lane &other = warp.lanes[lane];
    if (other.mask != mask) return;
    if (any != nullptr && any->operation != other.operation) fail("lanes of one mask called different warp functions");
    any = &other;
    votes |= static_cast<uint32_t>(other.value & 1) << lane;
  }
  if (any != nullptr && any->operation >= WarpOperation::multiply_bf16) {
    if (present != ~0u) fail("a matrix product lacks lanes of its warp");
    const Fragments *lanes[warp_lanes];
    for (int lane = 0; lane < warp_lanes; ++lane) {
      lanes[lane] = reinterpret_cast<const Fragments *>(static_cast<uintptr_t>(warp.lanes[lane].value));
    }
    multiply(any->operation, lanes);
  }
  for (int lane = 0; lane < warp_lanes; ++lane) {
    if ((present >> lane & 1) == 0) continue;
    Lane &self = warp.lanes[lane];
    if (self.operation == WarpOperation::ballot) {
      self.result = votes;
    } else if ((present >> self.source & 1) != 0) {
      self.result = warp.lanes[self.source].value;
    } else {
      std::memset(&self.result, poison, sizeof self.result);
    }
    states_[first_thread + lane] = State::ready;
  }
  warp.waiting &= ~present;
  if (any != nullptr && any->operation == WarpOperation::barrier) ++warp.barriers[mask].times;
}

std::string Block::deadlock() const {
  int at_warp = 0;
  for (const State state : states_) at_warp += state == State::at_warp_operation;
  return "divergent barrier: of " + std::to_string(count_) + " threads " + std::to_string(at_barrier_) +
         " wait at __syncthreads, " + std::to_string(at_warp) + " at a warp function and " +
         std::to_string(count_ - live_) + " have left the kernel";
}

}  // namespace cushim
