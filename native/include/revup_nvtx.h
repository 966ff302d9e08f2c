// revup_nvtx.h: the C ABI of librevup_nvtx.so, the ranges that a profiler shows. NVIDIA ships NVTX 3 as headers only:
// a caller that is not C needs a library around them. Names are zero-terminated UTF-8; ranges nest per thread.
#ifndef REVUP_NVTX_H
#define REVUP_NVTX_H

#ifdef __cplusplus
extern "C" {
#endif

#define REVUP_NVTX_API __attribute__((visibility("default")))

// Opens a range on the calling thread; the name is copied.
REVUP_NVTX_API void revup_range_push(const char *name);

// Closes the calling thread's innermost range.
REVUP_NVTX_API void revup_range_pop(void);

#ifdef __cplusplus
}
#endif
#endif
