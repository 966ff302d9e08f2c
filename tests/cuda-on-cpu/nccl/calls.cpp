// The functions that enqueue operations, their checks, and groups. Work is done when it is submitted.
#include <string>

#include "../include/stand_in.h"
#include "operation.h"
#include "revup_nvtx.h"

using namespace nccl_on_cpu;
using cuda_on_cpu::check_device_range;

namespace {

struct Group {
  int depth = 0;
  ncclResult_t first_error = ncclSuccess;
  std::vector<Operation> operations;
};
thread_local Group group;

bool overlap(const char *first, const char *second, size_t first_bytes, size_t second_bytes) {
  return first < second + second_bytes && second < first + first_bytes;
}

// Whether all memory is there and the result overwrites no input but where the operation is in place.
CUresult check_memory(const Operation &operation) {
  const Communicator &communicator = *operation.communicator;
  const size_t size = bytes_of(operation.type), sent = operation.count * size;
  const bool gathers = operation.function == Function::all_gather;
  const size_t received = gathers ? sent * communicator.size : sent;
  const bool sends = operation.function == Function::broadcast ? operation.peer == communicator.rank
                                                               : operation.function != Function::receive;
  if (sends) RETURN_IF_FAILED(check_device_range(operation.send, sent, size));
  if (operation.function == Function::send) return CUDA_SUCCESS;
  RETURN_IF_FAILED(check_device_range(operation.receive, received, size));
  const char *const in_place = operation.receive + (gathers ? communicator.rank * sent : 0);
  const bool spoils = sends && operation.send != in_place && overlap(operation.send, operation.receive, sent, received);
  return spoils ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

// What a stream does when it comes to the operations.
CUresult run(const std::vector<Operation> &operations, bool captured) {
  Communicator &communicator = *operations.front().communicator;
  if (communicator.destroyed) {
    cuda_on_cpu::report("nccl: a graph outlives its communicator");
    return CUDA_ERROR_LAUNCH_FAILED;
  }
  if (communicator.error != ncclSuccess) return cuda_on_cpu::endless;
  for (const Operation &operation : operations) {
    if (check_memory(operation) != CUDA_SUCCESS) return CUDA_ERROR_ILLEGAL_ADDRESS;
  }
  try {
    if (operations.front().is_between_two()) {
      transfer(operations);
      return CUDA_SUCCESS;
    }
    const uint64_t sequence = ++communicator.collectives;
    ncclResult_t ordered = ncclSuccess;
    if (is_ordered_to_fail(communicator, sequence, ordered)) {
      if (ordered == ncclSuccess) return cuda_on_cpu::endless;
      throw Failure{ordered, "failed as ordered, before operation " + std::to_string(sequence)};
    }
    perform(operations.front(), sequence, captured);
    return CUDA_SUCCESS;
  } catch (const Failure &failure) {
    fail(communicator, failure);
    return cuda_on_cpu::endless;
  }
}

ncclResult_t submit(std::vector<Operation> operations) {
  const CUstream stream = operations.front().stream;
  const std::shared_ptr<Communicator> communicator = operations.front().communicator;
  const bool captured = cuda_on_cpu::is_capturing(stream);
  const std::string name = name_of(operations.front().function);
  const CUresult result =
      cuda_on_cpu::submit(stream, [operations = std::move(operations), captured] { return run(operations, captured); });
  if (result != CUDA_SUCCESS) {
    return fail(ncclUnhandledCudaError, name + ": CUDA error " + std::to_string(result));
  }
  // A device would not notice it, and hang or give wrong results.
  return communicator->error == ncclInvalidUsage ? ncclInvalidUsage : ncclSuccess;
}

// Sends and receives of one communicator become one piece of work.
ncclResult_t submit_group(std::vector<Operation> operations) {
  std::vector<Operation> together;
  for (size_t i = 0; i < operations.size(); ++i) {
    together.push_back(operations[i]);
    const Operation *const next = i + 1 < operations.size() ? &operations[i + 1] : nullptr;
    if (next != nullptr && operations[i].is_between_two() && next->is_between_two() &&
        next->communicator == operations[i].communicator) {
      if (next->stream != operations[i].stream) {
        return fail(ncclInvalidUsage, "the sends and receives of a group are on two streams");
      }
      continue;
    }
    const ncclResult_t result = submit(std::move(together));
    if (result != ncclSuccess) return result;
    together.clear();
  }
  return ncclSuccess;
}

ncclResult_t check(const Operation &operation) {
  const auto refuse = [&](const char *reason) {
    return fail(ncclInvalidArgument, std::string(name_of(operation.function)) + ": " + reason);
  };
  if (operation.communicator == nullptr) return refuse("there is no such communicator");
  const Communicator &communicator = *operation.communicator;
  const int type = operation.type;
  if (type != ncclInt8 && type != ncclUint8 && type != ncclFloat32 && type != ncclFloat64) {
    return refuse("the stand-in lacks this type");
  }
  if (operation.reduction != ncclSum && operation.reduction != ncclMax) return refuse("the stand-in lacks this sum");
  if (operation.peer < 0 || operation.peer >= communicator.size) return refuse("there is no such rank");
  if (cuda_on_cpu::current_device() != communicator.device) return refuse("the communicator is on another device");
  if (check_memory(operation) != CUDA_SUCCESS) {
    return refuse("memory is not there or not aligned, or the result overlaps the input");
  }
  return ncclSuccess;
}

// The range that the library itself opens has no number; ours says how much.
ncclResult_t enqueue(Operation operation) {
  const std::string range = std::string(name_of(operation.function)) + ' ' + std::to_string(operation.count);
  revup_range_push(revup_range_name(range.c_str()), -1);
  ncclResult_t result = check(operation);
  if (result == ncclSuccess && operation.count > 0) {
    if (group.depth > 0) {
      group.operations.push_back(std::move(operation));
    } else {
      result = submit({std::move(operation)});
    }
  }
  if (group.depth > 0 && group.first_error == ncclSuccess) group.first_error = result;
  revup_range_pop();
  return result;
}

}  // namespace

const char *nccl_on_cpu::name_of(Function function) {
  constexpr const char *names[] = {"ncclAllReduce", "ncclBroadcast", "ncclAllGather",
                                   "ncclSend",      "ncclRecv",      "ncclCommFinalize"};
  return names[static_cast<int>(function)];
}

size_t nccl_on_cpu::bytes_of(int type) { return type == ncclFloat64 ? 8 : type == ncclFloat32 ? 4 : 1; }

const char *nccl_on_cpu::name_of_type(int type) {
  return type == ncclFloat64 ? "float64" : type == ncclFloat32 ? "float32" : type == ncclUint8 ? "uint8" : "int8";
}

ncclResult_t ncclAllReduce(const void *send, void *receive, size_t count, ncclDataType_t type, ncclRedOp_t operation,
                           ncclComm_t communicator, CUstream stream) {
  return enqueue({Function::all_reduce, communicators.find(communicator), static_cast<const char *>(send),
                  static_cast<char *>(receive), count, type, operation, 0, stream});
}

ncclResult_t ncclBroadcast(const void *send, void *receive, size_t count, ncclDataType_t type, int root,
                           ncclComm_t communicator, CUstream stream) {
  return enqueue({Function::broadcast, communicators.find(communicator), static_cast<const char *>(send),
                  static_cast<char *>(receive), count, type, ncclSum, root, stream});
}

ncclResult_t ncclAllGather(const void *send, void *receive, size_t sent, ncclDataType_t type, ncclComm_t communicator,
                           CUstream stream) {
  return enqueue({Function::all_gather, communicators.find(communicator), static_cast<const char *>(send),
                  static_cast<char *>(receive), sent, type, ncclSum, 0, stream});
}

ncclResult_t ncclSend(const void *send, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      CUstream stream) {
  return enqueue({Function::send, communicators.find(communicator), static_cast<const char *>(send), nullptr, count,
                  type, ncclSum, peer, stream});
}

ncclResult_t ncclRecv(void *receive, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      CUstream stream) {
  return enqueue({Function::receive, communicators.find(communicator), nullptr, static_cast<char *>(receive), count,
                  type, ncclSum, peer, stream});
}

ncclResult_t ncclGroupStart() {
  ++group.depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (group.depth == 0) return fail(ncclInvalidUsage, "ncclGroupEnd: no group was started");
  if (--group.depth > 0) return ncclSuccess;
  const Group ended = std::move(group);
  group = {};
  revup_range_push(revup_range_name(("ncclGroupEnd " + std::to_string(ended.operations.size())).c_str()), -1);
  revup_range_pop();
  return ended.first_error != ncclSuccess ? ended.first_error : submit_group(ended.operations);
}
