// Address space for arenas, fill and type conversion.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <type_traits>

#include "bfloat16.h"
#include "parallel.h"
#include "status.h"

namespace revup {
namespace {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

// Maps `bytes` at a multiple of the huge page size, so that no page at either end has to be a small one.
void *map_aligned(size_t bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t size = (bytes + page - 1) / page * page;
  const size_t slack = size >= kHugePage ? kHugePage : 0;
  void *mapped =
      mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    throw Failure(REVUP_OUT_OF_MEMORY, "cannot reserve " + std::to_string(bytes) + " bytes of address space (" +
                                           std::strerror(errno) + "); ask for less, or raise the limit (ulimit -v)");
  }
  if (slack == 0) return mapped;
  const uintptr_t start = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t head = (kHugePage - start % kHugePage) % kHugePage;
  if (head > 0) munmap(mapped, head);
  if (slack > head) munmap(reinterpret_cast<void *>(start + head + size), slack - head);
  return reinterpret_cast<void *>(start + head);
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_reserve(int64_t bytes, void **memory) {
  return guarded([&] {
    require_count(bytes, "bytes");
    require_scalar(memory, "memory");
    if (bytes == 0) {
      *memory = nullptr;
      return;
    }
    void *mapped = map_aligned(static_cast<size_t>(bytes));
    // Only advice: without transparent huge pages the memory works all the same.
    madvise(mapped, static_cast<size_t>(bytes), MADV_HUGEPAGE);
    *memory = mapped;
  });
}

revup_status revup_release(void *memory, int64_t bytes) {
  return guarded([&] {
    require_count(bytes, "bytes");
    if (bytes == 0) return;
    require_aligned(memory, "memory", static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)));
    if (munmap(memory, static_cast<size_t>(bytes)) != 0) {
      fail("cannot release " + std::to_string(bytes) + " bytes (" + std::strerror(errno) +
           "); pass the pointer and the size of one revup_reserve");
    }
  });
}

revup_status revup_fill(int64_t count, float *y, float value) {
  return guarded([&] {
    require_count(count, "count");
    if (count == 0) return;
    require_pointer(y, "y");
    parallel_for(count, [=](int64_t begin, int64_t end) { std::fill(y + begin, y + end, value); });
  });
}

revup_status revup_cast(int64_t count, revup_type x_type, const void *x, revup_type y_type, void *y) {
  return guarded([&] {
    require_count(count, "count");
    const bool are_labels = x_type == REVUP_UINT16 && y_type == REVUP_UINT16;
    if (!are_labels) {
      require_type(x_type, "x_type");
      require_type(y_type, "y_type");
    }
    if (count == 0) return;
    require_pointer(x, "x");
    require_pointer(y, "y");
    if (are_labels) {
      const uint16_t *from = static_cast<const uint16_t *>(x);
      uint16_t *to = static_cast<uint16_t *>(y);
      parallel_for(count, [=](int64_t begin, int64_t end) { std::copy(from + begin, from + end, to + begin); });
      return;
    }
    with_type(x_type, [&](auto x_tag) {
      with_type(y_type, [&](auto y_tag) {
        using X = decltype(x_tag);
        using Y = decltype(y_tag);
        const X *from = static_cast<const X *>(x);
        Y *to = static_cast<Y *>(y);
        parallel_for(count, [=](int64_t begin, int64_t end) {
          if constexpr (std::is_same_v<X, Y>) {
            std::copy(from + begin, from + end, to + begin);
          } else {
#pragma omp simd
            for (int64_t i = begin; i < end; ++i) store(load(from[i]), to[i]);
          }
        });
      });
    });
  });
}
