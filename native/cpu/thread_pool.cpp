#include "thread_pool.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace revup {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

// Waits of one thread.
class Waiter {
 public:
  // Whether `ready` became true while spinning. `abandoned`: somebody else needs the processor.
  template <typename Ready>
  bool spin(const Ready &ready, const std::atomic<bool> &abandoned) {
    constexpr int kPausesPerLook = 16;
    const Clock::time_point end = Clock::now() + patience_;
    do {
      for (int i = 0; i < kPausesPerLook; ++i) {
        if (ready()) {
          patience_ = std::min<Clock::duration>(2 * patience_, kMost);
          return true;
        }
        if (abandoned.load(std::memory_order_relaxed)) return false;
        pause();
      }
    } while (Clock::now() < end);
    patience_ = std::max<Clock::duration>(patience_ / 2, kLeast);
    return false;
  }

 private:
  // To be woken takes 5 to 60 microseconds.
  static constexpr microseconds kLeast{2}, kMost{200};
  Clock::duration patience_ = kMost;
};

// The rest of a participant's share, [first, last), and its loop, in one word: whoever takes a part has read no other
// loop's.
struct Share {
  static constexpr int kItemBits = 20, kLoopBits = 24;
  static constexpr uint64_t kItemMask = (uint64_t{1} << kItemBits) - 1, kLoopMask = (uint64_t{1} << kLoopBits) - 1;
  static constexpr int64_t kMostItems = kItemMask;

  uint64_t loop;
  int64_t first, last;

  static Share of(uint64_t word) {
    return {word >> (2 * kItemBits), static_cast<int64_t>(word >> kItemBits & kItemMask),
            static_cast<int64_t>(word & kItemMask)};
  }
  uint64_t word() const {
    return loop << (2 * kItemBits) | static_cast<uint64_t>(first) << kItemBits | static_cast<uint64_t>(last);
  }
};

// The workers of one calling thread.
class ThreadPool {
 public:
  explicit ThreadPool(int participants) : shares_(static_cast<size_t>(participants)) {
    for (int number = 1; number < participants; ++number) {
      workers_.emplace_back([this, number] { work(number); });
    }
  }

  ~ThreadPool() {
    stopping_ = true;
    publish(kStopped);
    for (std::thread &worker : workers_) worker.join();
  }

  // The workers sleep until the next loop.
  void rest() { resting_.store(true, std::memory_order_relaxed); }

  int participants() const { return static_cast<int>(shares_.size()); }

  void run(int64_t count, PartBody body, const void *context) {
    // Number of the loop's items in one item of a share.
    grain_ = (count + Share::kMostItems - 1) / Share::kMostItems;
    count_ = count;
    body_ = body;
    context_ = context;
    const int64_t items = (count + grain_ - 1) / grain_, number = std::min<int64_t>(participants(), items);
    sharers_ = static_cast<int>(number);
    unfinished_ = items;
    resting_ = false;
    const uint64_t loop = (loop_.load(std::memory_order_relaxed) + 1) & Share::kLoopMask;
    const uint64_t tag = loop == kStopped ? 0 : loop;
    for (int64_t i = 0; i < number; ++i) {
      shares_[static_cast<size_t>(i)].word.store(Share{tag, i * items / number, (i + 1) * items / number}.word(),
                                                 std::memory_order_release);
    }
    publish(tag);
    participate(0, tag);
    if (!owner_.spin([this] { return unfinished_ == 0; }, resting_)) {
      std::unique_lock<std::mutex> lock(mutex_);
      owner_sleeps_ = true;
      finished_.wait(lock, [this] { return unfinished_ == 0; });
      owner_sleeps_ = false;
    }
  }

 private:
  // A number that no loop has.
  static constexpr uint64_t kStopped = Share::kLoopMask;

  struct alignas(64) Slot {
    std::atomic<uint64_t> word{0};
  };

  // Sequential consistency: either the publisher sees a sleeper, or the sleeper sees what was published.
  void publish(uint64_t loop) {
    loop_ = loop;
    if (sleepers_ > 0) {
      { const std::lock_guard<std::mutex> lock(mutex_); }
      published_.notify_all();
    }
  }

  void work(int number) {
    omp_set_num_threads(1);
    Waiter waiter;
    for (uint64_t seen = 0; !stopping_;) {
      const auto is_new = [&] { return loop_ != seen; };
      if (!waiter.spin(is_new, resting_)) {
        std::unique_lock<std::mutex> lock(mutex_);
        ++sleepers_;
        published_.wait(lock, is_new);
        --sleepers_;
      }
      seen = loop_;
      participate(number, seen);
    }
  }

  // A worker that comes late may read the body of a later loop, but finds nothing in the shares of the one it came for.
  void participate(int number, uint64_t loop) {
    const PartBody body = body_;
    const void *const context = context_;
    const int64_t grain = grain_, count = count_;
    const int sharers = sharers_;
    int64_t done = 0;
    for (int i = 0; number < sharers && i < sharers; ++i) {
      std::atomic<uint64_t> &word = shares_[static_cast<size_t>((number + i) % sharers)].word;
      Part part;
      while (take(word, loop, i == 0, part)) {
        done += part.end - part.begin;
        body(context, Part{part.begin * grain, std::min(count, part.end * grain), number});
      }
    }
    if (done > 0 && unfinished_.fetch_sub(done) == done && owner_sleeps_) {
      { const std::lock_guard<std::mutex> lock(mutex_); }
      finished_.notify_one();
    }
  }

  // A part of a share: a quarter from the front of one's own, half from the back of another's.
  static bool take(std::atomic<uint64_t> &word, uint64_t loop, bool own, Part &part) {
    uint64_t seen = word.load(std::memory_order_acquire);
    while (true) {
      Share share = Share::of(seen);
      const int64_t left = share.last - share.first;
      if (share.loop != loop || left <= 0) return false;
      if (own) {
        part.begin = share.first;
        part.end = share.first += std::max<int64_t>(left / 4, 1);
      } else {
        part.end = share.last;
        part.begin = share.last -= (left + 1) / 2;
      }
      if (word.compare_exchange_weak(seen, share.word(), std::memory_order_acq_rel)) return true;
    }
  }

  std::vector<Slot> shares_;
  std::atomic<PartBody> body_{nullptr};
  std::atomic<const void *> context_{nullptr};
  std::atomic<int64_t> grain_{1}, count_{0};
  std::atomic<int> sharers_{0};
  alignas(64) std::atomic<uint64_t> loop_{0};
  alignas(64) std::atomic<int64_t> unfinished_{0};
  std::atomic<bool> owner_sleeps_{false}, stopping_{false}, resting_{false};
  std::atomic<int> sleepers_{0};
  Waiter owner_;
  std::mutex mutex_;
  std::condition_variable published_, finished_;
  std::vector<std::thread> workers_;
};

thread_local std::unique_ptr<ThreadPool> pool;

}  // namespace

void rest_workers() noexcept {
  if (pool != nullptr && participants() > 1) pool->rest();
}

int participants() noexcept { return omp_get_max_threads(); }

void run_parts(int64_t count, PartBody body, const void *context) {
  if (count <= 0) return;
  const int threads = participants();
  omp_set_num_threads(1);
  if (threads == 1 || count == 1) {
    body(context, Part{0, count, 0});
  } else {
    if (pool == nullptr || pool->participants() != threads) {
      pool.reset();
      pool = std::make_unique<ThreadPool>(threads);
    }
    pool->run(count, body, context);
  }
  omp_set_num_threads(threads);
}

}  // namespace revup
