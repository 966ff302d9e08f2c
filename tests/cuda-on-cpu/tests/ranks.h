// Ranks of the stand-in libnccl as threads, each with a device of its own.
#pragma once

#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../include/nccl.h"
#include "device.h"

namespace tests {

// A variable of the environment for as long as this lives. No rank runs when it is set.
class Variable {
 public:
  Variable(const char *name, const char *value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable &) = delete;
  Variable &operator=(const Variable &) = delete;

 private:
  const char *name_;
};

inline ncclConfig_t configuration() { return {sizeof(ncclConfig_t), 0xcafebeef, 21400, 1}; }

inline ncclUniqueId unique_id() {
  ncclUniqueId id;
  EXPECT(ncclSuccess, ncclGetUniqueId(&id));
  return id;
}

inline ncclResult_t join(ncclComm_t *communicator, int size, const ncclUniqueId &id, int rank) {
  ncclConfig_t settings = configuration();
  return ncclCommInitRankConfig(communicator, size, id, rank, &settings);
}

inline bool last_error_has(const char *text) {
  return std::string(ncclGetLastError(nullptr)).find(text) != std::string::npos;
}

struct Rank {
  const Device &device;
  int rank;
  ncclComm_t communicator;

  ncclResult_t async_error() const {
    ncclResult_t error = ncclSuccess;
    EXPECT(ncclSuccess, ncclCommGetAsyncError(communicator, &error));
    return error;
  }
  CUresult query() const {
    CUevent event = nullptr;
    EXPECT(CUDA_SUCCESS, cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    EXPECT(CUDA_SUCCESS, cuEventRecord(event, device.stream));
    return cuEventQuery(event);
  }
  ncclResult_t sum(CUdeviceptr values, size_t count) const {
    void *const address = reinterpret_cast<void *>(values);
    return ncclAllReduce(address, address, count, ncclFloat32, ncclSum, communicator, device.stream);
  }
};

// Runs the threads to their ends; the first failure of any is the test's.
inline void run_threads(int count, const std::function<void(int)> &body) {
  std::vector<std::thread> threads;
  std::vector<std::exception_ptr> failures(static_cast<size_t>(count));
  for (int number = 0; number < count; ++number) {
    threads.emplace_back([&, number] {
      try {
        body(number);
      } catch (...) {
        failures[static_cast<size_t>(number)] = std::current_exception();
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  for (const std::exception_ptr &failure : failures) {
    if (failure != nullptr) std::rethrow_exception(failure);
  }
}

inline void run_ranks(int size, const std::function<void(const Rank &)> &body) {
  const ncclUniqueId id = unique_id();
  run_threads(size, [&](int number) {
    const Device device(number);
    ncclComm_t communicator = nullptr;
    EXPECT(ncclSuccess, join(&communicator, size, id, number));
    try {
      body({device, number, communicator});
    } catch (...) {
      ncclCommAbort(communicator);
      throw;
    }
    ncclCommDestroy(communicator);
  });
}

}  // namespace tests
