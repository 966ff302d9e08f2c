// One thread block on one processor thread: its device threads run one after another until each has to wait.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fiber.h"

namespace cushim {

constexpr int warp_lanes = 32;

struct Index3 {
  unsigned x, y, z;
};

struct Grid {
  Index3 blocks, threads;
  unsigned shared_bytes;
};

// Operations of the lanes of a warp together.
enum class WarpOperation : uint8_t { barrier, shuffle, ballot, multiply_bf16, multiply_tf32 };

class Block {
 public:
  // Bodies are called as body(arguments) by each device thread.
  using Body = void (*)(void **arguments);

  // Runs block `index` of the grid to its end. False: the threads blocked each other, or one broke a rule of the
  // device; `failure` then says how, and the state of the block is gone.
  bool run(const Grid &grid, uint64_t index, Body body, void **arguments, std::string &failure);

  // Called by device threads, of the block that they are in.
  void synchronize(order::Site site);
  void synchronize_warp(uint32_t mask, order::Site site);
  uint64_t exchange(uint32_t mask, WarpOperation operation, uint64_t value, int source);
  void *dynamic_shared() { return shared_; }
  const Index3 &block_index() const { return block_index_; }
  const Index3 &block_extent() const { return grid_->threads; }
  const Index3 &grid_extent() const { return grid_->blocks; }

 private:
  enum class State : uint8_t { ready, at_block_barrier, at_warp_operation, left };

  struct Lane {
    uint32_t mask;
    WarpOperation operation;
    int source;
    uint64_t value, result;
  };

  // A barrier that is used again and again: who is fast may arrive for the next time before others have passed.
  struct Barrier {
    order::Meeting meetings[2];
    unsigned times = 0;
    order::Meeting &next() { return meetings[times % 2]; }
  };

  struct Warp {
    uint32_t alive;    // lanes that have not left the kernel
    uint32_t waiting;  // lanes at a warp operation
    Lane lanes[warp_lanes];
    std::map<uint32_t, Barrier> barriers;  // by mask
  };

  static void fiber_main();
  void take_threads();
  void add_fiber();
  void leave(int thread);
  void complete(int first_thread, Warp &warp, uint32_t mask);
  void wait(int thread);
  void enter(int thread);
  Fiber *next_runnable(int after);
  [[noreturn]] void fail(std::string message);
  std::string deadlock() const;

  const Grid *grid_ = nullptr;
  Index3 block_index_{};
  Body body_ = nullptr;
  void **arguments_ = nullptr;
  int count_ = 0, next_ = 0, live_ = 0, at_barrier_ = 0;
  std::vector<State> states_;
  std::vector<Index3> thread_indices_;
  std::vector<Warp> warps_;
  Barrier barrier_;
  std::vector<Fiber *> fiber_of_;  // of each thread that has started
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber *> idle_;
  std::unique_ptr<Fiber> scheduler_;
  Fiber *running_ = nullptr;
  std::vector<char> shared_storage_;
  void *shared_ = nullptr;
  std::string failure_;
};

// Where the calling processor thread is in the device: read through threadIdx, blockIdx, blockDim and gridDim.
struct Position {
  Block *block;
  Index3 thread_index;
  int thread;
};
extern constinit thread_local Position position;  // constinit: no call to initialise it at each access

}  // namespace cushim
