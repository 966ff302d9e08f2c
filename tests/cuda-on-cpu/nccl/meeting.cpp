// A barrier and mailboxes between processes, or between threads of one. A process may be killed at any moment: there is
// no lock that it could hold.
#include "meeting.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nccl_on_cpu {

struct Member {
  std::atomic<int> process;  // 0 before it has come
  std::atomic<int> device;
  std::atomic<uint32_t> arrivals;  // at meetings
  std::atomic<bool> left;
};

struct Segment {
  std::atomic<int> size;    // as the first rank says
  std::atomic<int> failed;  // a rank that failed, plus 1
  std::atomic<uint32_t> arrived, generation, activity;
  Member members[max_ranks];
  Table tables[2];
  Mailbox mailboxes[max_ranks][max_ranks];
};

namespace {

// Long enough for a busy machine. A rank that has ended is noticed at once.
constexpr std::chrono::milliseconds default_patience{60'000};
// How often a wait looks whether the others still live.
constexpr long slice_nanoseconds = 20'000'000;

// Where shm_open keeps its files, and how ours begin.
constexpr const char *folder = "/dev/shm";
constexpr const char *prefix = "revup-nccl-on-cpu-";

std::string name_of(const ncclUniqueId &id) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char byte : id.internal) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  char name[64];
  std::snprintf(name, sizeof name, "/%s%016llx", prefix, static_cast<unsigned long long>(hash));
  return name;
}

std::chrono::milliseconds patience() {
  const char *const text = std::getenv("REVUP_NCCL_ON_CPU_PATIENCE");
  return text == nullptr ? default_patience : std::chrono::milliseconds(std::atoll(text));
}

// Also a process that has ended and whose parent has not asked for its status.
bool is_gone(int process) {
  char path[64], state = 'X';
  std::snprintf(path, sizeof path, "/proc/%d/stat", process);
  std::FILE *const file = std::fopen(path, "r");
  if (file == nullptr) return true;
  const bool read = std::fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
  std::fclose(file);
  return read && (state == 'Z' || state == 'X');
}

void wake(std::atomic<uint32_t> &word) { syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

void sleep_while(std::atomic<uint32_t> &word, uint32_t value) {
  const timespec slice{0, slice_nanoseconds};
  syscall(SYS_futex, &word, FUTEX_WAIT, value, &slice, nullptr, 0);
}

std::string rank_name(int rank) { return "rank " + std::to_string(rank); }

Segment *open_segment(const std::string &name, int flags) {
  const int file = shm_open(name.c_str(), flags | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return nullptr;
  struct stat status {};
  void *memory = MAP_FAILED;
  // Without all of its bytes a read would end the process.
  if (fstat(file, &status) == 0 &&
      (status.st_size >= static_cast<off_t>(sizeof(Segment)) || ftruncate(file, sizeof(Segment)) == 0)) {
    memory = mmap(nullptr, sizeof(Segment), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Segment *>(memory);
}

// One process at a time opens, takes places, and sweeps. The kernel unlocks for a process that is killed.
class Door {
 public:
  Door() : folder_(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (folder_ < 0 || flock(folder_, LOCK_EX) != 0) {
      throw Failure{ncclSystemError, std::string(folder) + ": " + std::strerror(errno)};
    }
  }
  ~Door() { close(folder_); }
  Door(const Door &) = delete;
  Door &operator=(const Door &) = delete;

 private:
  int folder_;
};

// A name exists until all ranks have met. One of ranks that were killed before would never be removed.
void sweep() {
  DIR *const files = opendir(folder);
  if (files == nullptr) return;
  while (const dirent *const file = readdir(files)) {
    if (std::strncmp(file->d_name, prefix, std::strlen(prefix)) != 0) continue;
    const std::string name = std::string("/") + file->d_name;
    Segment *const segment = open_segment(name, 0);
    if (segment == nullptr) continue;
    int there = 0, gone = 0;
    for (const Member &member : segment->members) {
      if (member.process != 0) ++(is_gone(member.process) ? gone : there);
    }
    munmap(segment, sizeof(Segment));
    if (gone > 0 || there == 0) shm_unlink(name.c_str());
  }
  closedir(files);
}

}  // namespace

Meeting::Meeting(const ncclUniqueId &id, int rank, int size, int device)
    : rank_(rank), size_(size), name_(name_of(id)), patience_(patience()) {
  const Door door;
  sweep();
  segment_ = open_segment(name_, O_CREAT);
  if (segment_ == nullptr) throw Failure{ncclSystemError, "no shared memory " + name_ + ": " + std::strerror(errno)};
  int holder = 0;
  if (!segment_->members[rank].process.compare_exchange_strong(holder, getpid())) {
    munmap(segment_, sizeof(Segment));
    throw Failure{ncclInvalidUsage, rank_name(rank) + " has come twice"};
  }
  segment_->members[rank].device = device;
}

Meeting::~Meeting() {
  leave(false);
  munmap(segment_, sizeof(Segment));
}

void Meeting::join() {
  const std::string what = "the start of " + std::to_string(size_) + " ranks";
  try {
    int first = 0;
    if (!segment_->size.compare_exchange_strong(first, size_) && first != size_) {
      throw Failure{ncclInvalidArgument, rank_name(rank_) + " counts " + std::to_string(size_) +
                                             " ranks, and another rank counts " + std::to_string(first)};
    }
    meet(what);
    check_devices();
  } catch (...) {
    shm_unlink(name_.c_str());
    throw;
  }
  // The name is free for the next communicator before any rank goes on.
  if (rank_ == 0) shm_unlink(name_.c_str());
  meet(what);
}

void Meeting::check_devices() const {
  for (int second = 1; second < size_; ++second) {
    for (int first = 0; first < second; ++first) {
      const int device = segment_->members[first].device;
      if (segment_->members[second].device != device) continue;
      throw Failure{ncclInvalidUsage, "duplicate GPU: " + rank_name(first) + " and " + rank_name(second) +
                                          " are both on device " + std::to_string(device)};
    }
  }
}

Table &Meeting::table() const { return segment_->tables[turns_ % 2]; }

Mailbox &Meeting::mailbox(int from, int to) const { return segment_->mailboxes[from][to]; }

void Meeting::meet(const std::string &what) {
  const uint32_t generation = segment_->generation;
  const uint32_t arrivals = ++segment_->members[rank_].arrivals;
  if (segment_->arrived.fetch_add(1) + 1 == static_cast<uint32_t>(size_)) {
    segment_->arrived = 0;
    ++segment_->generation;
    wake(segment_->generation);
    return;
  }
  await(
      segment_->generation, generation, [&](int rank) { return segment_->members[rank].arrivals < arrivals; }, what);
}

uint32_t Meeting::activity() const { return segment_->activity; }

void Meeting::announce_activity() {
  ++segment_->activity;
  wake(segment_->activity);
}

void Meeting::await_activity(uint32_t since, const std::function<bool(int)> &is_awaited, const std::string &what) {
  await(segment_->activity, since, is_awaited, what);
}

void Meeting::await(std::atomic<uint32_t> &word, uint32_t value, const std::function<bool(int)> &is_awaited,
                    const std::string &what) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  while (word == value) {
    sleep_while(word, value);
    if (word != value) return;
    const int failed = segment_->failed;
    if (failed != 0) throw Failure{ncclRemoteError, rank_name(failed - 1) + " has failed, before " + what};
    const bool late = std::chrono::steady_clock::now() > deadline;
    for (int rank = 0; rank < size_; ++rank) {
      if (rank == rank_ || !is_awaited(rank)) continue;
      const Member &member = segment_->members[rank];
      if (member.left || (member.process != 0 && is_gone(member.process))) {
        // It may have come just before.
        if (word == value) throw Failure{ncclRemoteError, rank_name(rank) + " has ended, before " + what};
      } else if (late) {
        throw Failure{ncclRemoteError,
                      rank_name(rank) + " has not come for " + std::to_string(patience_.count()) + " ms, to " + what};
      }
    }
  }
}

void Meeting::leave(bool with_error) {
  int none = 0;
  if (with_error) segment_->failed.compare_exchange_strong(none, rank_ + 1);
  segment_->members[rank_].left = true;
  wake(segment_->generation);
  wake(segment_->activity);
}

}  // namespace nccl_on_cpu
