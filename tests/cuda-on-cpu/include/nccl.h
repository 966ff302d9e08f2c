// The part of NCCL that RevUp calls: the names, numbers and signatures of libnccl.so.2.
#pragma once

#include "cuda_driver.h"

enum ncclResult_t : int {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7,
  ncclTimeout = 8,
};

enum ncclDataType_t : int { ncclInt8 = 0, ncclUint8 = 1, ncclFloat32 = 7, ncclFloat64 = 8 };
enum ncclRedOp_t : int { ncclSum = 0, ncclMax = 2 };

struct ncclUniqueId {
  char internal[128];
};

struct ncclConfig_t {  // as of 2.14; later versions have more fields behind these
  size_t size;
  unsigned magic, version;
  int blocking;
};
static_assert(sizeof(ncclConfig_t) == 24);

using ncclComm_t = struct ncclComm *;

CUDA_ON_CPU_API ncclResult_t ncclGetVersion(int *version);
CUDA_ON_CPU_API const char *ncclGetErrorString(ncclResult_t result);
CUDA_ON_CPU_API const char *ncclGetLastError(ncclComm_t communicator);
CUDA_ON_CPU_API ncclResult_t ncclGetUniqueId(ncclUniqueId *id);
CUDA_ON_CPU_API ncclResult_t ncclCommInitRankConfig(ncclComm_t *communicator, int size, ncclUniqueId id, int rank,
                                                    ncclConfig_t *configuration);
CUDA_ON_CPU_API ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t *error);
CUDA_ON_CPU_API ncclResult_t ncclCommFinalize(ncclComm_t communicator);
CUDA_ON_CPU_API ncclResult_t ncclCommDestroy(ncclComm_t communicator);
CUDA_ON_CPU_API ncclResult_t ncclCommAbort(ncclComm_t communicator);
CUDA_ON_CPU_API ncclResult_t ncclAllReduce(const void *send, void *receive, size_t count, ncclDataType_t type,
                                           ncclRedOp_t operation, ncclComm_t communicator, CUstream stream);
CUDA_ON_CPU_API ncclResult_t ncclBroadcast(const void *send, void *receive, size_t count, ncclDataType_t type, int root,
                                           ncclComm_t communicator, CUstream stream);
CUDA_ON_CPU_API ncclResult_t ncclAllGather(const void *send, void *receive, size_t sent, ncclDataType_t type,
                                           ncclComm_t communicator, CUstream stream);
CUDA_ON_CPU_API ncclResult_t ncclSend(const void *send, size_t count, ncclDataType_t type, int peer,
                                      ncclComm_t communicator, CUstream stream);
CUDA_ON_CPU_API ncclResult_t ncclRecv(void *receive, size_t count, ncclDataType_t type, int peer,
                                      ncclComm_t communicator, CUstream stream);
CUDA_ON_CPU_API ncclResult_t ncclGroupStart();
CUDA_ON_CPU_API ncclResult_t ncclGroupEnd();
