#include "launch.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace cushim {
namespace {

// Below this many device threads the second processor thread costs more to start than it saves.
constexpr uint64_t threads_worth_a_worker = 1 << 14;

std::unordered_map<std::string_view, Kernel> &kernels() {
  static std::unordered_map<std::string_view, Kernel> table;
  return table;
}

// Blocks keep their fibers from one launch to the next.
class BlockPool {
 public:
  std::unique_ptr<Block> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Block>();
    std::unique_ptr<Block> block = std::move(idle_.back());
    idle_.pop_back();
    return block;
  }

  void give_back(std::unique_ptr<Block> block) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(block));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> idle_;
};

BlockPool &pool() {
  static BlockPool blocks;
  return blocks;
}

struct Launch {
  const Kernel &kernel;
  const Grid &grid;
  void **arguments;
  uint64_t block_count;
  std::atomic<uint64_t> next{0};
  std::mutex mutex{};
  std::string failure{};

  // Runs the next block; false if none is left.
  bool run_next(Block &block) {
    const uint64_t index = next++;
    if (index >= block_count) return false;
    std::string message;
    if (block.run(grid, index, kernel.body, arguments, message)) return true;
    next = block_count;
    const std::lock_guard lock(mutex);
    failure = "kernel " + std::string(kernel.name) + ", block (" + std::to_string(block.block_index().x) + ", " +
              std::to_string(block.block_index().y) + ", " + std::to_string(block.block_index().z) + "): " + message;
    return false;
  }

  void work() {
    std::unique_ptr<Block> block = pool().take();
    while (run_next(*block)) {
    }
    pool().give_back(std::move(block));
  }

  void work_together(uint64_t workers) {
    std::vector<std::thread> others;
    while (others.size() + 1 < workers) others.emplace_back([this] { work(); });
    work();
    for (std::thread &other : others) other.join();
  }

  // For a race detector. Each block has a processor thread, and so static shared memory, to itself. It keeps its device
  // threads until the launch ends. Blocks run one after another, but none has seen what another one did.
  void work_watched() {
    std::vector<std::unique_ptr<Block>> blocks;
    order::begin_launch();
    do {
      blocks.push_back(pool().take());
      std::thread([&] { run_next(*blocks.back()); }).join();
    } while (next < block_count);
    order::end_launch();
    // The first block of the next launch is this one's first, so that few blocks are ever large.
    for (; !blocks.empty(); blocks.pop_back()) pool().give_back(std::move(blocks.back()));
  }
};

}  // namespace

void add_kernel(const Kernel &kernel) { kernels().emplace(kernel.name, kernel); }

std::set<std::string> kernel_names() {
  std::set<std::string> names;
  for (const auto &[name, kernel] : kernels()) names.emplace(name);
  return names;
}

}  // namespace cushim

const cushim::Kernel *cushim_find(const char *name) {
  const auto found = cushim::kernels().find(name);
  return found == cushim::kernels().end() ? nullptr : &found->second;
}

bool cushim_launch(const cushim::Kernel *kernel, const cushim::Grid *grid, void **arguments, char *message,
                   size_t capacity) {
  const uint64_t blocks = uint64_t{grid->blocks.x} * grid->blocks.y * grid->blocks.z;
  const uint64_t threads = uint64_t{grid->threads.x} * grid->threads.y * grid->threads.z;
  cushim::Launch launch{*kernel, *grid, arguments, blocks};
  const uint64_t workers = std::min(
      {uint64_t{std::thread::hardware_concurrency()}, blocks, 1 + blocks * threads / cushim::threads_worth_a_worker});
  if (cushim::order::is_watched) {
    launch.work_watched();
  } else {
    launch.work_together(workers);
  }
  std::snprintf(message, capacity, "%s", launch.failure.c_str());
  return launch.failure.empty();
}
