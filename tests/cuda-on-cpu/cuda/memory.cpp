// Device and pinned memory. New and freed device memory reads as NaN, and a page that no one may touch follows each
// allocation.
#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>

#include "../include/sanitizer.h"
#include "state.h"

namespace cuda_on_cpu {
namespace {

constexpr size_t page = 4096;
constexpr size_t default_device_bytes = size_t{4} << 30;
// Freed ranges keep their addresses, so that whoever still uses one meets NaN and not another tensor.
constexpr size_t freed_ranges_kept = 32;

size_t pages(size_t bytes) { return (bytes + page - 1) / page * page; }

// A file of 0xff that is mapped, copy on write, wherever memory is to be poisoned: gigabytes of it cost nothing until
// they are written.
class Poison {
 public:
  static constexpr size_t chunk = 16 << 20;

  Poison() : file_(memfd_create("cuda-on-cpu-poison", MFD_CLOEXEC)) {
    if (ftruncate(file_, chunk) != 0) std::abort();
    void *const content = mmap(nullptr, chunk, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (content == MAP_FAILED) std::abort();
    std::memset(content, 0xff, chunk);
    munmap(content, chunk);
  }

  // [start, start + bytes) is reserved address space in whole pages. False when the system has no mappings left.
  bool cover(char *start, size_t bytes) const {
    for (size_t done = 0; done < bytes; done += chunk) {
      void *const mapped = mmap(start + done, std::min(chunk, bytes - done), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file_, 0);
      if (mapped == MAP_FAILED) return false;
    }
    return true;
  }

 private:
  int file_;
};

struct Range {
  size_t bytes;
  int device;
};

struct Memory {
  std::mutex mutex;
  std::map<uintptr_t, Range> device, pinned;  // by address
  std::deque<std::pair<uintptr_t, size_t>> freed;
  std::map<int, size_t> in_use;  // bytes of each device
  Poison poison{};
};

Memory &memory() {
  static Memory instance;
  return instance;
}

char *bytes_at(uintptr_t address) { return reinterpret_cast<char *>(address); }

// Null when there is no room; otherwise whole pages of poison with one more, untouchable, behind them.
char *map_poisoned(size_t bytes) {
  const size_t usable = pages(bytes);
  void *const range = mmap(nullptr, usable + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) return nullptr;
  char *const start = static_cast<char *>(range);
  if (!memory().poison.cover(start, usable)) {
    munmap(range, usable + page);
    return nullptr;
  }
  ASAN_POISON_MEMORY_REGION(start + bytes, usable - bytes);
  return start;
}

void unmap(uintptr_t address, size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(bytes_at(address), pages(bytes));
  munmap(bytes_at(address), pages(bytes) + page);
}

// With the lock held.
void retire(uintptr_t address, const Range &range) {
  const size_t bytes = range.bytes;
  memory().in_use[range.device] -= bytes;
  if (!memory().poison.cover(bytes_at(address), pages(bytes))) std::abort();
  ASAN_POISON_MEMORY_REGION(bytes_at(address), pages(bytes));
  memory().freed.emplace_back(address, bytes);
  if (memory().freed.size() <= freed_ranges_kept) return;
  unmap(memory().freed.front().first, memory().freed.front().second);
  memory().freed.pop_front();
}

}  // namespace

size_t device_bytes() {
  static const size_t bytes = [] {
    const char *const text = std::getenv("REVUP_CUDA_ON_CPU_MEMORY");
    return text == nullptr ? default_device_bytes : std::strtoull(text, nullptr, 10);
  }();
  return bytes;
}

void clear_memory(int device) {
  const std::lock_guard lock(memory().mutex);
  const auto is_there = [=](const auto &entry) { return entry.second.device == device; };
  for (const auto &entry : memory().device) {
    if (is_there(entry)) retire(entry.first, entry.second);
  }
  for (const auto &entry : memory().pinned) {
    if (is_there(entry)) unmap(entry.first, entry.second.bytes);
  }
  std::erase_if(memory().device, is_there);
  std::erase_if(memory().pinned, is_there);
}

bool is_pinned(const void *address) {
  const auto start = reinterpret_cast<uintptr_t>(address);
  const std::lock_guard lock(memory().mutex);
  const auto after = memory().pinned.upper_bound(start);
  if (after == memory().pinned.begin()) return false;
  const auto &[base, range] = *std::prev(after);
  return start - base < range.bytes;
}

CUresult check_device_range(const void *address, size_t bytes, size_t alignment) {
  const auto start = reinterpret_cast<uintptr_t>(address);
  if (bytes == 0) return CUDA_SUCCESS;
  const std::lock_guard lock(memory().mutex);
  auto after = memory().device.upper_bound(start);
  if (after == memory().device.begin()) return CUDA_ERROR_ILLEGAL_ADDRESS;
  const auto &[base, range] = *--after;
  if (range.device != current_ordinal()) return CUDA_ERROR_ILLEGAL_ADDRESS;
  if (start - base >= range.bytes || range.bytes - (start - base) < bytes) return CUDA_ERROR_ILLEGAL_ADDRESS;
  return start % alignment == 0 ? CUDA_SUCCESS : CUDA_ERROR_MISALIGNED_ADDRESS;
}

bool host_range_is_mapped(const void *address, size_t bytes) {
  if (bytes == 0) return true;
  const uintptr_t first = reinterpret_cast<uintptr_t>(address) / page * page;
  const uintptr_t last = (reinterpret_cast<uintptr_t>(address) + bytes - 1) / page * page;
  unsigned char residency[256];
  for (uintptr_t at = first; at <= last; at += sizeof residency * page) {
    const size_t length = std::min(sizeof residency * page, last - at + page);
    if (mincore(bytes_at(at), length, residency) != 0) return false;
  }
  return true;
}

}  // namespace cuda_on_cpu

using namespace cuda_on_cpu;

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  RETURN_IF_FAILED(check_context());
  if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *total = device_bytes();
  const std::lock_guard lock(memory().mutex);
  *free = device_bytes() - memory().in_use[current_ordinal()];
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_no_capture());
  if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(memory().mutex);
  size_t &in_use = memory().in_use[current_ordinal()];
  if (bytes > device_bytes() - in_use) return CUDA_ERROR_OUT_OF_MEMORY;
  char *const start = map_poisoned(bytes);
  if (start == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  memory().device.emplace(reinterpret_cast<uintptr_t>(start), Range{bytes, current_ordinal()});
  in_use += bytes;
  *address = reinterpret_cast<CUdeviceptr>(start);
  return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_no_capture());
  finish_late_work();
  const std::lock_guard lock(memory().mutex);
  const auto found = memory().device.find(address);
  if (found == memory().device.end() || found->second.device != current_ordinal()) return CUDA_ERROR_INVALID_VALUE;
  retire(found->first, found->second);
  memory().device.erase(found);
  return CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void **host, size_t bytes, unsigned flags) {
  constexpr unsigned known_flags = 7;  // portable, device-mapped, write-combined
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_no_capture());
  if (host == nullptr || bytes == 0 || (flags & ~known_flags) != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(memory().mutex);
  char *const start = map_poisoned(bytes);
  if (start == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  memory().pinned.emplace(reinterpret_cast<uintptr_t>(start), Range{bytes, current_ordinal()});
  *host = start;
  return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void *host) {
  RETURN_IF_FAILED(check_context());
  finish_late_work();
  const std::lock_guard lock(memory().mutex);
  const auto found = memory().pinned.find(reinterpret_cast<uintptr_t>(host));
  if (found == memory().pinned.end()) return CUDA_ERROR_INVALID_VALUE;
  unmap(found->first, found->second.bytes);
  memory().pinned.erase(found);
  return CUDA_SUCCESS;
}
