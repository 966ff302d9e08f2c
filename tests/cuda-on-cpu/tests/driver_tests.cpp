// Initialisation, contexts, memory and launches of the stand-in libcuda.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "../include/stand_in.h"
#include "device.h"

namespace tests {
namespace {

constexpr size_t total_bytes = 64 << 20;  // as main sets it

void nothing_works_before_initialisation() {
  int number = 0;
  CUcontext context = nullptr;
  CUdeviceptr address = 0;
  EXPECT(CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(&number));
  EXPECT(CUDA_ERROR_NOT_INITIALIZED, cuDevicePrimaryCtxRetain(&context, 0));
  EXPECT(CUDA_ERROR_NOT_INITIALIZED, cuMemAlloc_v2(&address, 16));
  EXPECT(CUDA_SUCCESS, cuDriverGetVersion(&number));
  EXPECT(12040, number);
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuInit(1));
}

// In a child, because the variable is read once.
void a_variable_chooses_devices() {
  const pid_t child = fork();
  if (child == 0) {
    setenv("CUDA_VISIBLE_DEVICES", "3,1,9,2", 1);
    int count = 0;
    CUcontext context = nullptr;
    const bool right = cuInit(0) == CUDA_SUCCESS && cuDeviceGetCount(&count) == CUDA_SUCCESS && count == 2 &&
                       cuda_on_cpu::current_device() == -1 && cuDevicePrimaryCtxRetain(&context, 1) == CUDA_SUCCESS &&
                       cuCtxSetCurrent(context) == CUDA_SUCCESS && cuda_on_cpu::current_device() == 1;
    _exit(right ? 0 : 1);
  }
  int status = -1;
  EXPECT(child, waitpid(child, &status, 0));
  EXPECT(0, status);
}

void devices_are_described() {
  EXPECT(CUDA_SUCCESS, cuInit(0));
  int number = 0;
  EXPECT(CUDA_SUCCESS, cuDeviceGetCount(&number));
  EXPECT(4, number);
  CUdevice device = -1;
  EXPECT(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(&device, 4));
  EXPECT(CUDA_SUCCESS, cuDeviceGet(&device, 0));
  char name[8];
  EXPECT(CUDA_SUCCESS, cuDeviceGetName(name, sizeof name, device));
  EXPECT(std::string("cuda-on"), std::string(name));
  EXPECT(CUDA_SUCCESS, cuDeviceGetAttribute(&number, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device));
  EXPECT(9, number);
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(&number, static_cast<CUdevice_attribute>(9999), device));
  size_t bytes = 0;
  EXPECT(CUDA_SUCCESS, cuDeviceTotalMem_v2(&bytes, device));
  EXPECT(total_bytes, bytes);
}

void errors_have_names() {
  const char *text = nullptr;
  EXPECT(CUDA_SUCCESS, cuGetErrorName(CUDA_ERROR_OUT_OF_MEMORY, &text));
  EXPECT(std::string("CUDA_ERROR_OUT_OF_MEMORY"), std::string(text));
  EXPECT(CUDA_SUCCESS, cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text));
  EXPECT(std::string("out of memory"), std::string(text));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuGetErrorName(static_cast<CUresult>(12345), &text));
}

void contexts_belong_to_threads() {
  const Device device;
  CUdeviceptr address = 0;
  CUresult elsewhere = CUDA_SUCCESS;
  std::thread([&] { elsewhere = cuMemAlloc_v2(&address, 16); }).join();
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, elsewhere);
  EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(nullptr));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc_v2(&address, 16));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(reinterpret_cast<CUcontext>(device.stream)));
  EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(device.context));
  CUcontext current = nullptr;
  EXPECT(CUDA_SUCCESS, cuCtxGetCurrent(&current));
  EXPECT(device.context, current);
}

void a_released_context_is_destroyed_with_all_that_it_has() {
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  CUdeviceptr address = 0;
  EXPECT(CUDA_SUCCESS, cuDevicePrimaryCtxRetain(&context, 0));
  EXPECT(CUDA_SUCCESS, cuDevicePrimaryCtxRetain(&context, 0));
  EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(context));
  EXPECT(CUDA_SUCCESS, cuStreamCreate(&stream, 0));
  EXPECT(CUDA_SUCCESS, cuMemAlloc_v2(&address, 1024));
  EXPECT(CUDA_SUCCESS, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(CUDA_SUCCESS, cuStreamSynchronize(stream));
  EXPECT(CUDA_SUCCESS, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuStreamSynchronize(stream));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease_v2(0));
  const Device device;
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(address));
}

void devices_have_nothing_in_common() {
  const Device first(0);
  const CUdeviceptr theirs = first.allocate(1024);
  const CUfunction kernel = first.function("add_one");
  size_t free = 0, total = 0;
  {
    const Device second(1);
    EXPECT(CUDA_SUCCESS, cuMemGetInfo_v2(&free, &total));
    EXPECT(total, free);
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemsetD8Async(theirs, 0, 16, second.stream));
    EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(theirs));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(first.stream));
    EXPECT(CUDA_ERROR_INVALID_HANDLE, second.launch(kernel, {}, 0LL, second.allocate(16)));
    EXPECT(CUDA_SUCCESS, second.launch("add_one", {}, 1LL, theirs));
    EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(second.stream));
  }
  EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(first.context));
  EXPECT(CUDA_SUCCESS, cuMemsetD8Async(theirs, 0, 1024, first.stream));
  EXPECT(CUDA_SUCCESS, first.launch(kernel, {}, 1LL, theirs));
  EXPECT(CUDA_SUCCESS, cuMemGetInfo_v2(&free, &total));
  EXPECT(total - 1024, free);
}

void memory_is_counted() {
  const Device device;
  size_t free = 0, total = 0;
  EXPECT(CUDA_SUCCESS, cuMemGetInfo_v2(&free, &total));
  EXPECT(total_bytes, total);
  EXPECT(total_bytes, free);
  const CUdeviceptr half = device.allocate(total_bytes / 2);
  EXPECT(CUDA_SUCCESS, cuMemGetInfo_v2(&free, &total));
  EXPECT(total_bytes / 2, free);
  CUdeviceptr more = 0;
  EXPECT(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&more, total_bytes / 2 + 1));
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(half));
  EXPECT(CUDA_SUCCESS, cuMemAlloc_v2(&more, total_bytes));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(half));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(more + 256));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(&more, 0));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(nullptr, 16));
}

void new_and_freed_memory_is_nan() {
  constexpr size_t count = (17 << 20) / sizeof(float);  // past one chunk of poison
  const Device device;
  const CUdeviceptr address = device.allocate(count * sizeof(float));
  const auto values = device.download<float>(address, count);
  for (const float value : {values.front(), values[count / 2], values.back()}) EXPECT(true, std::isnan(value));
  EXPECT(CUDA_SUCCESS, cuMemsetD8Async(address, 0, count * sizeof(float), device.stream));
  EXPECT(0.0f, device.download<float>(address, count).back());
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(address));
#if !defined(__SANITIZE_ADDRESS__)  // which would rightly end this test here
  EXPECT(true, std::isnan(reinterpret_cast<const volatile float *>(address)[count - 1]));
#endif
}

void copies_stay_within_allocations() {
  const Device device;
  std::vector<char> host(128);
  const CUdeviceptr to = device.allocate(100), from = device.allocate(100);
  EXPECT(CUDA_SUCCESS, cuMemcpyHtoDAsync_v2(to + 36, host.data(), 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(to + 37, host.data(), 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(to, nullptr, 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(0, host.data(), 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync_v2(host.data(), from, 101, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync_v2(reinterpret_cast<void *>(to), from, 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync_v2(to, from, 101, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync_v2(to, to + 10, 20, device.stream));
  EXPECT(CUDA_SUCCESS, cuMemcpyDtoDAsync_v2(to, to + 20, 20, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemsetD8Async(to, 1, 101, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(to + 2, 1, 1, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(to, 1, 26, device.stream));
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(from));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync_v2(to, from, 8, device.stream));
}

void host_memory_must_be_there() {
  const Device device;
  const CUdeviceptr address = device.allocate(64);
  void *pinned = nullptr;
  EXPECT(CUDA_SUCCESS, cuMemHostAlloc(&pinned, 64, 0));
  std::memset(pinned, 1, 64);
  EXPECT(CUDA_SUCCESS, cuMemcpyHtoDAsync_v2(address, pinned, 64, device.stream));
  EXPECT(0x01010101, device.download<int>(address, 16)[15]);
  EXPECT(CUDA_SUCCESS, cuMemFreeHost(pinned));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(pinned));
  // Another mapping may have taken the freed pages' place; this one surely is gone.
  void *const unmapped = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(unmapped, 4096);
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync_v2(address, unmapped, 64, device.stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemHostAlloc(nullptr, 64, 0));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuMemHostAlloc(&pinned, 64, 8));
}

void modules_are_recognised() {
  const Device device;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  EXPECT(CUDA_ERROR_NO_BINARY_FOR_GPU, cuModuleLoadData(&module, "\x50\xed\x55\xba"));
  EXPECT(CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(&module, "REVUP-CUDA-ON-CPU\n/nowhere/kernels.so\n"));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuModuleLoadData(&module, nullptr));
  EXPECT(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, device.module, "no_such_kernel"));
  function = device.function("add_one");
  EXPECT(CUDA_SUCCESS, cuModuleUnload(device.module));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(device.module));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(&function, device.module, "add_one"));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, device.launch(function, {}, 0LL, CUdeviceptr{0}));
}

void launch_limits() {
  const Device device;
  const CUdeviceptr x = device.allocate(64);
  const CUfunction kernel = device.function("add_one");
  const auto launch = [&](const Device::Shape &shape) { return device.launch(kernel, shape, 0LL, x); };
  EXPECT(CUDA_SUCCESS, launch({{1, 1, 1}, {1024, 1, 1}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{1, 1, 1}, {1025, 1, 1}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{1, 1, 1}, {32, 33, 1}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{1, 1, 1}, {1, 1, 65}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{0, 1, 1}, {1, 1, 1}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{1, 65536, 1}, {1, 1, 1}}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, launch({{1, 1, 1}, {1, 1, 1}, 49153}));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, device.stream, nullptr, nullptr));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, device.launch(CUfunction{}, {}, 0LL, x));
}

void arguments_must_point_into_living_memory() {
  {
    const Device device;
    const CUdeviceptr x = device.allocate(64);
    EXPECT(CUDA_SUCCESS, cuMemFree_v2(x));
    EXPECT(CUDA_SUCCESS, device.launch("add_one", {}, 1LL, x));
    EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(device.stream));
  }
  const Device device;
  EXPECT(CUDA_SUCCESS, device.launch("add_one", {}, 1LL, device.allocate(64) + 2));
  EXPECT(CUDA_ERROR_MISALIGNED_ADDRESS, cuStreamSynchronize(device.stream));
}

// The page behind an allocation is guarded, and under AddressSanitizer every byte behind it is. In a child, which ends.
void an_access_behind_an_allocation_ends_the_process() {
#if defined(__SANITIZE_ADDRESS__)
  constexpr size_t bytes = 100;
#else
  constexpr size_t bytes = 4096;
#endif
  const Device device;
  const CUdeviceptr x = device.upload(std::vector<char>(bytes));
  for (const long long excess : {0, 1}) {
    const pid_t child = fork();
    if (child == 0) {
      close(STDERR_FILENO);
      const CUresult launched = device.launch("add_one", {}, static_cast<long long>(bytes / 4) + excess, x);
      _exit(launched == CUDA_SUCCESS ? 0 : 1);
    }
    int status = 0;
    EXPECT(child, waitpid(child, &status, 0));
    EXPECT(excess == 0, status == 0);
  }
}

}  // namespace

void add_initialisation_tests(Suite &suite) {
  suite.add("driver: a variable chooses devices", a_variable_chooses_devices);
  suite.add("driver: nothing works before initialisation", nothing_works_before_initialisation);
  suite.add("driver: devices are described", devices_are_described);
  suite.add("driver: errors have names", errors_have_names);
  suite.add("driver: contexts belong to threads", contexts_belong_to_threads);
  suite.add("driver: a released context is destroyed with all that it has",
            a_released_context_is_destroyed_with_all_that_it_has);
  suite.add("driver: devices have nothing in common", devices_have_nothing_in_common);
}

void add_memory_tests(Suite &suite) {
  suite.add("memory: it is counted", memory_is_counted);
  suite.add("memory: new and freed memory is NaN", new_and_freed_memory_is_nan);
  suite.add("memory: copies stay within allocations", copies_stay_within_allocations);
  suite.add("memory: host memory must be there", host_memory_must_be_there);
}

void add_launch_tests(Suite &suite) {
  suite.add("launch: modules are recognised", modules_are_recognised);
  suite.add("launch: limits", launch_limits);
  suite.add("launch: arguments must point into living memory", arguments_must_point_into_living_memory);
  suite.add("launch: an access behind an allocation ends the process", an_access_behind_an_allocation_ends_the_process);
}

}  // namespace tests
