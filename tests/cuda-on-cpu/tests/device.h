// The stand-in device as a test uses it: everything is released at the end, also when the test fails.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../include/cuda_driver.h"
#include "harness.h"

namespace tests {

// A context, current in this thread, a stream and the module of test kernels.
class Device {
 public:
  explicit Device(int number = 0) : ordinal(number) {
    EXPECT(CUDA_SUCCESS, cuInit(0));
    EXPECT(CUDA_SUCCESS, cuDevicePrimaryCtxRetain(&context, ordinal));
    EXPECT(CUDA_SUCCESS, cuCtxSetCurrent(context));
    EXPECT(CUDA_SUCCESS, cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    EXPECT(CUDA_SUCCESS, cuModuleLoadData(&module, image().c_str()));
  }
  ~Device() {
    cuDevicePrimaryCtxRelease_v2(ordinal);
    cuCtxSetCurrent(nullptr);
  }
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  static std::string image() {
    std::ifstream file(TEST_KERNELS, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  CUdeviceptr allocate(size_t bytes) const {
    CUdeviceptr address = 0;
    EXPECT(CUDA_SUCCESS, cuMemAlloc_v2(&address, bytes));
    return address;
  }

  template <typename T>
  CUdeviceptr upload(const std::vector<T> &values) const {
    const CUdeviceptr address = allocate(values.size() * sizeof(T));
    EXPECT(CUDA_SUCCESS, cuMemcpyHtoDAsync_v2(address, values.data(), values.size() * sizeof(T), stream));
    return address;
  }

  template <typename T>
  std::vector<T> download(CUdeviceptr address, size_t count) const {
    std::vector<T> values(count);
    EXPECT(CUDA_SUCCESS, cuMemcpyDtoHAsync_v2(values.data(), address, count * sizeof(T), stream));
    EXPECT(CUDA_SUCCESS, cuStreamSynchronize(stream));
    return values;
  }

  CUfunction function(const char *name) const {
    CUfunction found = nullptr;
    EXPECT(CUDA_SUCCESS, cuModuleGetFunction(&found, module, name));
    return found;
  }

  struct Shape {
    unsigned grid[3] = {1, 1, 1}, block[3] = {1, 1, 1}, shared = 0;
  };

  template <typename... Arguments>
  CUresult launch(CUfunction kernel, const Shape &shape, Arguments... values) const {
    void *slots[] = {&values..., nullptr};
    return cuLaunchKernel(kernel, shape.grid[0], shape.grid[1], shape.grid[2], shape.block[0], shape.block[1],
                          shape.block[2], shape.shared, stream, slots, nullptr);
  }

  template <typename... Arguments>
  CUresult launch(const char *name, const Shape &shape, Arguments... values) const {
    return launch(function(name), shape, values...);
  }

  int ordinal;
  CUcontext context = nullptr;
  CUstream stream = nullptr;
  CUmodule module = nullptr;
};

}  // namespace tests
