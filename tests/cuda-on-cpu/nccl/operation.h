// What a rank asks for, and how it is done.
#pragma once

#include <memory>
#include <vector>

#include "communicator.h"

namespace nccl_on_cpu {

enum class Function { all_reduce, broadcast, all_gather, send, receive, finalize };

const char *name_of(Function function);
size_t bytes_of(int type);
const char *name_of_type(int type);

struct Operation {
  Function function;
  std::shared_ptr<Communicator> communicator;
  const char *send = nullptr;
  char *receive = nullptr;
  size_t count = 0;
  ncclDataType_t type = ncclUint8;
  ncclRedOp_t reduction = ncclSum;
  int peer = 0;  // or root
  CUstream stream = nullptr;

  bool is_between_two() const { return function == Function::send || function == Function::receive; }
};

// An operation of all ranks, the one of that number; throws a failure.
void perform(const Operation &operation, uint64_t sequence, bool captured);

// Sends and receives of one communicator, together; throws a failure.
void transfer(const std::vector<Operation> &operations);

}  // namespace nccl_on_cpu
