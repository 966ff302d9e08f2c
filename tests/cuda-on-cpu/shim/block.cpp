#include "block.h"

#include <cstring>

namespace cushim {

constinit thread_local Position position{};

namespace {

// Every byte set: NaN as float, double and bfloat16. What uninitialised shared memory and absent lanes hold.
constexpr unsigned char poison = 0xff;

// A fiber parked by one launch may go on in another on another processor thread: the compiler must not keep the address
// of a thread-local variable across a switch, hence functions that are never inlined.
[[gnu::noinline]] void enter(Block *block, int thread, const Index3 &extent) {
  const auto linear = static_cast<unsigned>(thread);
  position = {block, {linear % extent.x, linear / extent.x % extent.y, linear / (extent.x * extent.y)}, thread};
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
  for (int thread = 0; thread < count_; ++thread) warps_[thread / warp_lanes].alive |= 1u << thread % warp_lanes;
  shared_storage_.assign(grid.shared_bytes + 16, static_cast<char>(poison));
  shared_ = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(shared_storage_.data()) + 15) & ~uintptr_t{15});
  scheduler_ = std::make_unique<Fiber>();
  enter(this, 0, grid.threads);

  while (live_ > 0 && failure_.empty()) {
    if (next_ < count_) {
      running_ = &idle_fiber();
      Fiber::switch_to(*scheduler_, *running_);
    } else if (!resume_ready()) {
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

// One round over the threads that can go on; false when none can.
bool Block::resume_ready() {
  bool any = false;
  for (int thread = 0; thread < count_ && failure_.empty(); ++thread) {
    if (states_[thread] != State::ready) continue;
    any = true;
    running_ = fiber_of_[thread];
    enter(this, thread, grid_->threads);
    Fiber::switch_to(*scheduler_, *running_);
  }
  return any;
}

Fiber &Block::idle_fiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>(&Block::fiber_main));
    idle_.push_back(fibers_.back().get());
  }
  Fiber &fiber = *idle_.back();
  idle_.pop_back();
  return fiber;
}

void Block::fiber_main() {
  for (;;) entered_block()->take_threads();
}

// A thread that never waits costs a call: its fiber takes the next fresh one at once. Only who waits keeps a fiber.
void Block::take_threads() {
  Fiber &self = *running_;
  while (next_ < count_) {
    const int thread = next_++;
    fiber_of_[thread] = &self;
    enter(this, thread, grid_->threads);
    body_(arguments_);
    leave(thread);
  }
  idle_.push_back(&self);
  Fiber::switch_to(self, *scheduler_);
}

void Block::wait(int thread) {
  while (states_[thread] != State::ready) Fiber::switch_to(*fiber_of_[thread], *scheduler_);
}

void Block::fail(const std::string &message) {
  failure_ = message;
  Fiber::switch_to(*fiber_of_[position.thread], *scheduler_);
  __builtin_unreachable();
}

void Block::leave(int thread) {
  states_[thread] = State::left;
  --live_;
  Warp &warp = warps_[thread / warp_lanes];
  warp.alive &= ~(1u << thread % warp_lanes);
  // Lanes that waited for this one alone go on: the device waits for lanes that have not exited.
  for (int lane = 0; lane < warp_lanes; ++lane) {
    if (warp.lanes[lane].mask != 0) complete(thread / warp_lanes * warp_lanes, warp, warp.lanes[lane].mask);
  }
}

void Block::synchronize() {
  const int thread = position.thread;
  states_[thread] = State::at_block_barrier;
  // The barrier waits for all threads of the block; those that left can never come, which the deadlock names.
  if (++at_barrier_ == count_) {
    at_barrier_ = 0;
    for (State &state : states_) state = State::ready;
  }
  wait(thread);
}

uint64_t Block::exchange(uint32_t mask, WarpOperation operation, uint64_t value, int source) {
  const int thread = position.thread, lane = thread % warp_lanes;
  if ((mask >> lane & 1) == 0) {
    fail("lane " + std::to_string(lane) + " called a warp function whose mask does not contain it");
  }
  Warp &warp = warps_[thread / warp_lanes];
  warp.lanes[lane] = {mask, operation, source, value, 0};
  states_[thread] = State::at_warp_operation;
  complete(thread - lane, warp, mask);
  wait(thread);
  return warp.lanes[lane].result;
}

// If all living lanes of the mask wait with this mask: gives each its result and lets them go on.
void Block::complete(int first_thread, Warp &warp, uint32_t mask) {
  const uint32_t present = mask & warp.alive;
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
  for (int lane = 0; lane < warp_lanes; ++lane) {
    if ((present >> lane & 1) != 0) warp.lanes[lane].mask = 0;
  }
}

std::string Block::deadlock() const {
  int at_warp = 0;
  for (const State state : states_) at_warp += state == State::at_warp_operation;
  return "divergent barrier: of " + std::to_string(count_) + " threads " + std::to_string(at_barrier_) +
         " wait at __syncthreads, " + std::to_string(at_warp) + " at a warp function and " +
         std::to_string(count_ - live_) + " have left the kernel";
}

}  // namespace cushim
