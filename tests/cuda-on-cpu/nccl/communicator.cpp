// Versions, errors, unique ids, and the life of communicators.
#include "communicator.h"

#include <sys/random.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../include/stand_in.h"

using namespace nccl_on_cpu;

namespace {

constexpr int version = 2'18'03;
constexpr unsigned magic = 0xcafebeef;

struct LastError {
  std::mutex mutex;
  char text[1024] = "";
};

LastError &last_error() {
  static LastError instance;
  return instance;
}

// "host:port" or "[address]:port".
bool is_address(const char *text) {
  const char *const colon = std::strrchr(text, ':');
  if (colon == nullptr || colon == text) return false;
  char *end = nullptr;
  const long port = std::strtol(colon + 1, &end, 10);
  return *end == '\0' && end != colon + 1 && port > 0 && port < 65536;
}

}  // namespace

namespace nccl_on_cpu {

cuda_on_cpu::HandleTable<ncclComm_t, Communicator> communicators;

ncclResult_t fail(ncclResult_t result, const std::string &message) {
  cuda_on_cpu::report(("nccl: " + message).c_str());
  const std::lock_guard lock(last_error().mutex);
  std::snprintf(last_error().text, sizeof last_error().text, "%s", message.c_str());
  return result;
}

void fail(Communicator &communicator, const Failure &failure) {
  fail(failure.result, "rank " + std::to_string(communicator.rank) + ": " + failure.message);
  ncclResult_t none = ncclSuccess;
  communicator.error.compare_exchange_strong(none, failure.result);
  communicator.meeting->leave(true);
}

bool is_ordered_to_fail(const Communicator &communicator, uint64_t number, ncclResult_t &result) {
  const char *const text = std::getenv("REVUP_NCCL_ON_CPU_ASYNC_ERROR");
  int rank = 0, code = 0;
  unsigned long long ordered = 0;
  if (text == nullptr || std::sscanf(text, "%d:%llu:%d", &rank, &ordered, &code) != 3) return false;
  result = static_cast<ncclResult_t>(code);
  return rank == communicator.rank && ordered == number;
}

}  // namespace nccl_on_cpu

ncclResult_t ncclGetVersion(int *number) {
  if (number == nullptr) return fail(ncclInvalidArgument, "ncclGetVersion: no place for the version");
  *number = version;
  return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error";
    case ncclSystemError:
      return "unhandled system error";
    case ncclInternalError:
      return "internal error";
    case ncclInvalidArgument:
      return "invalid argument";
    case ncclInvalidUsage:
      return "invalid usage";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "operation in progress";
    case ncclTimeout:
      return "timeout";
  }
  return "unknown result code";
}

// The text stays until the next failure, as the library's does.
const char *ncclGetLastError(ncclComm_t) { return last_error().text; }

ncclResult_t ncclGetUniqueId(ncclUniqueId *id) {
  if (id == nullptr) return fail(ncclInvalidArgument, "ncclGetUniqueId: no place for the id");
  std::memset(id->internal, 0, sizeof id->internal);
  const char *const address = std::getenv("NCCL_COMM_ID");
  if (address == nullptr) {
    return getrandom(id->internal, 32, 0) == 32 ? ncclSuccess : fail(ncclSystemError, "no random numbers");
  }
  if (!is_address(address) || std::strlen(address) >= sizeof id->internal) {
    return fail(ncclInvalidArgument, std::string("NCCL_COMM_ID is '") + address + "', not host:port");
  }
  std::strcpy(id->internal, address);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *handle, int size, ncclUniqueId id, int rank,
                                    ncclConfig_t *configuration) {
  if (handle == nullptr) return fail(ncclInvalidArgument, "ncclCommInitRankConfig: no place for the communicator");
  *handle = nullptr;
  if (size < 1 || size > max_ranks || rank < 0 || rank >= size) {
    return fail(ncclInvalidArgument, "rank " + std::to_string(rank) + " of " + std::to_string(size) +
                                         " ranks, of which the stand-in takes 16");
  }
  if (configuration == nullptr || configuration->magic != magic || configuration->size < sizeof *configuration ||
      configuration->version < 2'14'00 || configuration->blocking != 1) {
    return fail(ncclInvalidArgument, "the configuration is not of 2.14 or newer, or not of calls that block");
  }
  if (cuda_on_cpu::check_context() != CUDA_SUCCESS) {
    return fail(ncclUnhandledCudaError, "the calling thread has no context of a device");
  }
  try {
    const int device = cuda_on_cpu::current_device();
    auto created = std::make_shared<Communicator>();
    created->rank = rank;
    created->size = size;
    created->device = device;
    created->meeting = std::make_unique<Meeting>(id, rank, size, device);
    created->meeting->join();
    *handle = communicators.add(std::move(created));
    return ncclSuccess;
  } catch (const Failure &failure) {
    return fail(failure.result, failure.message);
  }
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t handle, ncclResult_t *error) {
  const std::shared_ptr<Communicator> communicator = communicators.find(handle);
  if (communicator == nullptr || error == nullptr) return fail(ncclInvalidArgument, "ncclCommGetAsyncError");
  *error = communicator->error;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t handle) {
  const std::shared_ptr<Communicator> communicator = communicators.find(handle);
  if (communicator == nullptr) return fail(ncclInvalidArgument, "ncclCommFinalize: no such communicator");
  if (communicator->error != ncclSuccess) return communicator->error;
  try {
    complete(*communicator);
    return ncclSuccess;
  } catch (const Failure &failure) {
    fail(*communicator, failure);
    return failure.result;
  }
}

ncclResult_t ncclCommDestroy(ncclComm_t handle) {
  const std::shared_ptr<Communicator> communicator = communicators.remove(handle);
  if (communicator == nullptr) return fail(ncclInvalidArgument, "ncclCommDestroy: no such communicator");
  communicator->destroyed = true;
  communicator->meeting->leave(false);
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t handle) {
  const std::shared_ptr<Communicator> communicator = communicators.remove(handle);
  if (communicator == nullptr) return fail(ncclInvalidArgument, "ncclCommAbort: no such communicator");
  communicator->destroyed = true;
  communicator->meeting->leave(true);
  return ncclSuccess;
}
