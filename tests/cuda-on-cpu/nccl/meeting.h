// Where the ranks of a communicator meet: POSIX shared memory whose name comes from the unique id.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "../include/nccl.h"

namespace nccl_on_cpu {

// Thrown inside this library alone.
struct Failure {
  ncclResult_t result;
  std::string message;
};

constexpr int max_ranks = 16;

// What a rank is about to do with the others, for them to compare.
struct Announcement {
  uint64_t sequence, count, offset;
  int function, type, operation, root;
  bool captured;

  bool operator==(const Announcement &) const = default;
};

// One part of a collective operation, of every rank. There are two, so that the next can be filled while a slow rank
// still reads.
struct Table {
  static constexpr size_t chunk_bytes = 128 << 10;

  Announcement announcements[max_ranks];
  alignas(64) char chunks[max_ranks][chunk_bytes];
};

// What one rank sends to another, part by part.
struct Mailbox {
  static constexpr size_t chunk_bytes = 32 << 10;

  std::atomic<bool> full;
  uint64_t count;
  int type;
  alignas(64) char chunk[chunk_bytes];
};

struct Segment;

class Meeting {
 public:
  // Opens the memory and takes the rank's place in it.
  Meeting(const ncclUniqueId &id, int rank, int size, int device);
  ~Meeting();
  Meeting(const Meeting &) = delete;
  Meeting &operator=(const Meeting &) = delete;

  // Waits for all ranks, which must have devices of their own.
  void join();

  // The table to fill now, equal on all ranks.
  Table &table() const;

  // Returns when all ranks have filled their parts of the table. It may be read until the next call of meet returns.
  void meet(const std::string &what);

  // The other table is to be filled next.
  void turn() { turns_ += 1; }

  Mailbox &mailbox(int from, int to) const;

  // A number that changes with every mailbox, a way to say that one has changed, and to wait until one does.
  uint32_t activity() const;
  void announce_activity();
  void await_activity(uint32_t since, const std::function<bool(int)> &is_awaited, const std::string &what);

  // Tells the others that this rank will not come any more; with an error, so that they need not wait for it.
  void leave(bool with_error);

 private:
  void await(std::atomic<uint32_t> &word, uint32_t value, const std::function<bool(int)> &is_awaited,
             const std::string &what);
  void check_devices() const;

  int rank_, size_;
  std::string name_;
  Segment *segment_ = nullptr;
  unsigned turns_ = 0;
  std::chrono::milliseconds patience_;
};

}  // namespace nccl_on_cpu
