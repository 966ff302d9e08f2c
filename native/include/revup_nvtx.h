// revup_nvtx.h: the C ABI of librevup_nvtx.so, the ranges that a profiler shows. NVIDIA ships NVTX 3 as headers only:
// a caller that is not C needs a library around them. Ranges and marks are in the domain RevUp; ranges nest per thread.
#ifndef REVUP_NVTX_H
#define REVUP_NVTX_H

#ifdef __cplusplus
extern "C" {
#endif

#define REVUP_NVTX_API __attribute__((visibility("default")))

// What a mark's number is; a category of the domain.
enum { REVUP_MARK_EVALUATIONS = 1, REVUP_MARK_RESIDUAL = 2 };

// Registers a zero-terminated UTF-8 name for the life of the process; null where no profiler looks. The caller keeps
// the result, because registering takes a lock.
REVUP_NVTX_API void *revup_range_name(const char *name);

// Opens a range on the calling thread, with a size in bytes as its payload; below 0 it has none.
REVUP_NVTX_API void revup_range_push(void *name, long long bytes);

// Closes the calling thread's innermost range.
REVUP_NVTX_API void revup_range_pop(void);

// A moment with a number: branch evaluations are whole.
REVUP_NVTX_API void revup_range_mark(void *name, int category, double value);

#ifdef __cplusplus
}
#endif
#endif
