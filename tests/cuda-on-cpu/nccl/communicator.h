// A rank's end of a communicator, and the faults that tests can order.
#pragma once

#include <memory>
#include <mutex>

#include "../include/handles.h"
#include "meeting.h"

namespace nccl_on_cpu {

struct Communicator {
  int rank, size, device;
  std::unique_ptr<Meeting> meeting;
  uint64_t collectives = 0;  // done or begun
  std::atomic<ncclResult_t> error{ncclSuccess};
  std::atomic<bool> destroyed{false};
};

extern cuda_on_cpu::HandleTable<ncclComm_t, Communicator> communicators;

// The text of ncclGetLastError, also written to the standard error.
ncclResult_t fail(ncclResult_t result, const std::string &message);

// Makes the failure the communicator's, and tells the other ranks.
void fail(Communicator &communicator, const Failure &failure);

// REVUP_NCCL_ON_CPU_ASYNC_ERROR=RANK:NUMBER:RESULT lets a rank fail with a result before its collective operation of
// that number, counted from 1. With result 0 the operation never ends, and no one is told.
bool is_ordered_to_fail(const Communicator &communicator, uint64_t number, ncclResult_t &result);

// Meets the other ranks after their last operation; throws a failure.
void complete(Communicator &communicator);

}  // namespace nccl_on_cpu
