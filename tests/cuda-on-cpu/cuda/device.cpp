// Initialisation, devices, their primary contexts, error texts.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "state.h"

using namespace cuda_on_cpu;

namespace {

struct Context {
  int device;
  std::atomic<CUresult> error{CUDA_SUCCESS};
};

struct Device {
  int number;  // without CUDA_VISIBLE_DEVICES
  int retained = 0;
  CUcontext primary = nullptr;
};

constexpr int driver_version = 12040;

// As many as REVUP_CUDA_ON_CPU_DEVICES says, or one; of these, the numbers that CUDA_VISIBLE_DEVICES lists.
std::vector<Device> visible_devices() {
  const char *const text = std::getenv("REVUP_CUDA_ON_CPU_DEVICES");
  const int count = text == nullptr ? 1 : std::atoi(text);
  std::vector<Device> devices;
  const char *visible = std::getenv("CUDA_VISIBLE_DEVICES");
  for (int number = 0; visible == nullptr && number < count; ++number) devices.push_back({number});
  while (visible != nullptr) {
    char *end = nullptr;
    const long number = std::strtol(visible, &end, 10);
    if (end == visible || number < 0 || number >= count) break;
    devices.push_back({static_cast<int>(number)});
    visible = *end == ',' ? end + 1 : nullptr;
  }
  return devices;
}

struct Driver {
  std::atomic<bool> initialised{false};
  std::mutex mutex;  // of retained and primary
  std::vector<Device> devices = visible_devices();
  HandleTable<CUcontext, Context> contexts;
};

Driver &driver() {
  static Driver instance;
  return instance;
}

thread_local CUcontext current = nullptr;

int device_count() { return static_cast<int>(driver().devices.size()); }

CUresult check_device(CUdevice device) {
  RETURN_IF_FAILED(check_initialised());
  return device >= 0 && device < device_count() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

struct ErrorText {
  CUresult error;
  const char *name, *text;
};

#define ERROR_TEXT(error, text) \
  { error, #error, text }
constexpr ErrorText error_texts[] = {
    ERROR_TEXT(CUDA_SUCCESS, "no error"),
    ERROR_TEXT(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    ERROR_TEXT(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    ERROR_TEXT(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    ERROR_TEXT(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    ERROR_TEXT(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    ERROR_TEXT(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    ERROR_TEXT(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    ERROR_TEXT(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    ERROR_TEXT(CUDA_ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state"),
    ERROR_TEXT(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    ERROR_TEXT(CUDA_ERROR_NOT_READY, "device not ready"),
    ERROR_TEXT(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    ERROR_TEXT(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
    ERROR_TEXT(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    ERROR_TEXT(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    ERROR_TEXT(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    ERROR_TEXT(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_MERGE, "operation would result in a merge of separate capture sequences"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "capture was not initiated in this stream"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "dependency created on uncaptured work in another stream"),
    ERROR_TEXT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "operation would make the legacy stream depend on a capturing one"),
    ERROR_TEXT(CUDA_ERROR_CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream"),
};
#undef ERROR_TEXT

struct Attribute {
  CUdevice_attribute name;
  int value;
};

constexpr Attribute attributes[] = {
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, 1024},
    {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, 64},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, INT32_MAX},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, 65535},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 48 << 10},
    {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 48 << 10},
    {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
    {CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 1000000},
    {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 4},
    {CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 64},
    {CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 1 << 20},
    {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, 2048},
    {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 9},  // an H100 or H200 has it: bfloat16 is there
    {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0},
};

const ErrorText *find_error(CUresult error) {
  for (const ErrorText &candidate : error_texts) {
    if (candidate.error == error) return &candidate;
  }
  return nullptr;
}

}  // namespace

namespace cuda_on_cpu {

CUresult check_initialised() { return driver().initialised ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED; }

CUresult check_context() {
  if (!driver().initialised) return CUDA_ERROR_NOT_INITIALIZED;
  if (current == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  const std::shared_ptr<Context> context = driver().contexts.find(current);
  return context == nullptr ? CUDA_ERROR_CONTEXT_IS_DESTROYED : context->error.load();
}

void spoil_context(CUresult error) {
  CUresult none = CUDA_SUCCESS;
  const std::shared_ptr<Context> context = driver().contexts.find(current);
  if (context != nullptr) context->error.compare_exchange_strong(none, error);
}

int current_ordinal() {
  const std::shared_ptr<Context> context = driver().contexts.find(current);
  return context == nullptr ? -1 : context->device;
}

int current_device() {
  const int ordinal = current_ordinal();
  return ordinal < 0 ? -1 : driver().devices[ordinal].number;
}

void report(const char *message) { std::fprintf(stderr, "cuda-on-cpu: %s\n", message); }

}  // namespace cuda_on_cpu

CUresult cuInit(unsigned flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  driver().initialised = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
  if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *version = driver_version;
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const ErrorText *const found = find_error(error);
  *name = found == nullptr ? nullptr : found->name;
  return found == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const ErrorText *const found = find_error(error);
  *text = found == nullptr ? nullptr : found->text;
  return found == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  RETURN_IF_FAILED(check_initialised());
  if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *count = device_count();
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  RETURN_IF_FAILED(check_device(ordinal));
  if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *device = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int capacity, CUdevice device) {
  RETURN_IF_FAILED(check_device(device));
  if (name == nullptr || capacity <= 0) return CUDA_ERROR_INVALID_VALUE;
  std::snprintf(name, static_cast<size_t>(capacity), "%s", "cuda-on-cpu (no GPU)");
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  RETURN_IF_FAILED(check_device(device));
  if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
  for (const Attribute &candidate : attributes) {
    if (candidate.name != attribute) continue;
    *value = candidate.value;
    return CUDA_SUCCESS;
  }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  RETURN_IF_FAILED(check_device(device));
  if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *bytes = device_bytes();
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  RETURN_IF_FAILED(check_device(device));
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(driver().mutex);
  Device &retained = driver().devices[device];
  if (retained.retained++ == 0) retained.primary = driver().contexts.add(std::make_shared<Context>(device));
  *context = retained.primary;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  RETURN_IF_FAILED(check_device(device));
  const std::lock_guard lock(driver().mutex);
  Device &released = driver().devices[device];
  if (released.retained == 0) return CUDA_ERROR_INVALID_CONTEXT;
  if (--released.retained > 0) return CUDA_SUCCESS;
  driver().contexts.remove(released.primary);
  clear_graphs(device);
  clear_modules(device);
  clear_streams(device);
  clear_memory(device);
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  RETURN_IF_FAILED(check_initialised());
  if (context != nullptr && driver().contexts.find(context) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
  current = context;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  RETURN_IF_FAILED(check_initialised());
  if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *context = current;
  return CUDA_SUCCESS;
}
