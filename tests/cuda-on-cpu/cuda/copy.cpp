// Copies and fills in stream order. Arguments are checked at the call and again when a graph replays them, because
// memory may have been freed in between.
#include <algorithm>
#include <cstring>

#include "memory.h"
#include "state.h"

using namespace cuda_on_cpu;

namespace {

void *pointer(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

// Unified addressing would take device memory here and copy within the device: never what a caller of ours means.
bool is_host_range(const void *address, size_t bytes) {
  return host_range_is_mapped(address, bytes) && check_device_range(address, 1, 1) != CUDA_SUCCESS;
}

bool is_device_range(CUdeviceptr address, size_t bytes) {
  return check_device_range(pointer(address), bytes, 1) == CUDA_SUCCESS;
}

// `valid` says whether all memory is there; `act` may rely on it.
template <typename Valid, typename Act>
CUresult enqueue(CUstream stream, Valid valid, Act act) {
  RETURN_IF_FAILED(check_context());
  RETURN_IF_FAILED(check_stream(stream));
  if (!valid()) return CUDA_ERROR_INVALID_VALUE;
  return submit(stream, [valid, act] {
    if (!valid()) return CUDA_ERROR_ILLEGAL_ADDRESS;
    act();
    return CUDA_SUCCESS;
  });
}

}  // namespace

// A source that is not page-locked has been read when the call returns.
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  if (!is_capturing(stream) && !is_pinned(from) && bytes > 0 && is_host_range(from, bytes)) {
    const auto *const start = static_cast<const char *>(from);
    return enqueue(
        stream, [=] { return is_device_range(to, bytes); },
        [to, content = std::vector<char>(start, start + bytes)] {
          std::copy(content.begin(), content.end(), static_cast<char *>(pointer(to)));
        });
  }
  return enqueue(
      stream, [=] { return bytes == 0 || (is_host_range(from, bytes) && is_device_range(to, bytes)); },
      [=] { std::copy_n(static_cast<const char *>(from), bytes, static_cast<char *>(pointer(to))); });
}

// A destination that is not page-locked has been written when the call returns.
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  RETURN_IF_FAILED(enqueue(
      stream, [=] { return bytes == 0 || (is_host_range(to, bytes) && is_device_range(from, bytes)); },
      [=] { std::copy_n(static_cast<const char *>(pointer(from)), bytes, static_cast<char *>(to)); }));
  if (!is_capturing(stream) && !is_pinned(to)) finish_late_work();
  return CUDA_SUCCESS;
}

// Ranges that overlap have no defined result on the device and are refused.
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  const bool apart = to + bytes <= from || from + bytes <= to;
  return enqueue(
      stream, [=] { return apart && is_device_range(from, bytes) && is_device_range(to, bytes); },
      [=] { std::copy_n(static_cast<const char *>(pointer(from)), bytes, static_cast<char *>(pointer(to))); });
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  return enqueue(
      stream, [=] { return is_device_range(to, count); }, [=] { std::memset(pointer(to), value, count); });
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  return enqueue(
      stream, [=] { return to % sizeof value == 0 && is_device_range(to, count * sizeof value); },
      [=] { std::fill_n(static_cast<unsigned *>(pointer(to)), count, value); });
}
