// Services of the stand-in for libcuda to the stand-ins for other libraries, beyond the driver API.
#pragma once

#include <functional>

#include "cuda_driver.h"

namespace cuda_on_cpu {

#define CUDA_ON_CPU_SHARED __attribute__((visibility("default")))

// Returns from the calling function with a status that is not 0, which is success in all of these APIs.
#define RETURN_IF_FAILED(expression)                                  \
  do {                                                                \
    if (const auto status = (expression); status != 0) return status; \
  } while (false)

// CUDA_SUCCESS when the calling thread has a live context that no asynchronous error has spoilt.
CUDA_ON_CPU_SHARED CUresult check_context();

// CUDA_SUCCESS when [address, address + bytes) lies within one living device allocation and address is a multiple of
// alignment. A range of no bytes is valid wherever it is.
CUDA_ON_CPU_SHARED CUresult check_device_range(const void *address, size_t bytes, size_t alignment);

// The device of the calling thread's context, numbered as if CUDA_VISIBLE_DEVICES were not set; -1 without a context.
CUDA_ON_CPU_SHARED int current_device();

// CUDA_SUCCESS when the stream is alive (null: the default stream).
CUDA_ON_CPU_SHARED CUresult check_stream(CUstream stream);

// Runs the work at once, or keeps it for the graph if the stream is being captured. What the work returns has happened
// on the device: an error spoils the context, and only later calls report it. Work that returns `endless` never ends:
// its stream stands still from then on, its events are never reached, and streams that wait for them stand still, too.
constexpr CUresult endless = CUDA_ERROR_NOT_READY;
CUDA_ON_CPU_SHARED CUresult submit(CUstream stream, std::function<CUresult()> work);

// Whether work for the stream is kept for a graph at present.
CUDA_ON_CPU_SHARED bool is_capturing(CUstream stream);

// A rule of the device was broken in a way that a status alone does not explain: one line on the standard error.
CUDA_ON_CPU_SHARED void report(const char *message);

}  // namespace cuda_on_cpu

// For tests that count: how often the calling thread has waited for a stream or an event, and how often it has given a
// stream something to do, a whole graph being one thing, and what is only captured none.
extern "C" CUDA_ON_CPU_SHARED long long cuda_on_cpu_waits();
extern "C" CUDA_ON_CPU_SHARED long long cuda_on_cpu_submissions();
