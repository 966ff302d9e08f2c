// The part of the CUDA driver API that RevUp calls: the names, numbers and signatures of libcuda.so.1.
#pragma once

#include <cstddef>
#include <cstdint>

#define CUDA_ON_CPU_API extern "C" __attribute__((visibility("default")))

enum CUresult : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_ILLEGAL_STATE = 401,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
  CUDA_ERROR_STREAM_CAPTURE_MERGE = 902,
  CUDA_ERROR_STREAM_CAPTURE_UNMATCHED = 903,
  CUDA_ERROR_STREAM_CAPTURE_UNJOINED = 904,
  CUDA_ERROR_STREAM_CAPTURE_ISOLATION = 905,
  CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907,
};

enum CUdevice_attribute : int {
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
  CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE = 36,
  CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH = 37,
  CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
  CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
};

enum CUstreamCaptureMode : int {
  CU_STREAM_CAPTURE_MODE_GLOBAL = 0,
  CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
  CU_STREAM_CAPTURE_MODE_RELAXED = 2,
};

constexpr unsigned CU_STREAM_NON_BLOCKING = 1;
constexpr unsigned CU_EVENT_DISABLE_TIMING = 2;

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUgraph = struct CUgraph_st *;
using CUgraphExec = struct CUgraphExec_st *;

CUDA_ON_CPU_API CUresult cuInit(unsigned flags);
CUDA_ON_CPU_API CUresult cuDriverGetVersion(int *version);
CUDA_ON_CPU_API CUresult cuGetErrorName(CUresult error, const char **name);
CUDA_ON_CPU_API CUresult cuGetErrorString(CUresult error, const char **text);
CUDA_ON_CPU_API CUresult cuDeviceGetCount(int *count);
CUDA_ON_CPU_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
CUDA_ON_CPU_API CUresult cuDeviceGetName(char *name, int capacity, CUdevice device);
CUDA_ON_CPU_API CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device);
CUDA_ON_CPU_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);
CUDA_ON_CPU_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device);
CUDA_ON_CPU_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
CUDA_ON_CPU_API CUresult cuCtxSetCurrent(CUcontext context);
CUDA_ON_CPU_API CUresult cuCtxGetCurrent(CUcontext *context);

CUDA_ON_CPU_API CUresult cuMemGetInfo_v2(size_t *free, size_t *total);
CUDA_ON_CPU_API CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes);
CUDA_ON_CPU_API CUresult cuMemFree_v2(CUdeviceptr address);
CUDA_ON_CPU_API CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned flags);
CUDA_ON_CPU_API CUresult cuMemFreeHost(void *memory);
CUDA_ON_CPU_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream);
CUDA_ON_CPU_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream);
CUDA_ON_CPU_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
CUDA_ON_CPU_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
CUDA_ON_CPU_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream);

CUDA_ON_CPU_API CUresult cuStreamCreate(CUstream *stream, unsigned flags);
CUDA_ON_CPU_API CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority);
CUDA_ON_CPU_API CUresult cuStreamDestroy_v2(CUstream stream);
CUDA_ON_CPU_API CUresult cuStreamSynchronize(CUstream stream);
CUDA_ON_CPU_API CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
CUDA_ON_CPU_API CUresult cuEventCreate(CUevent *event, unsigned flags);
CUDA_ON_CPU_API CUresult cuEventDestroy_v2(CUevent event);
CUDA_ON_CPU_API CUresult cuEventRecord(CUevent event, CUstream stream);
CUDA_ON_CPU_API CUresult cuEventQuery(CUevent event);
CUDA_ON_CPU_API CUresult cuEventSynchronize(CUevent event);
CUDA_ON_CPU_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);

CUDA_ON_CPU_API CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUDA_ON_CPU_API CUresult cuModuleUnload(CUmodule module);
CUDA_ON_CPU_API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name);
CUDA_ON_CPU_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                        CUstream stream, void **arguments, void **extra);

CUDA_ON_CPU_API CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);
CUDA_ON_CPU_API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph);
CUDA_ON_CPU_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long flags);
CUDA_ON_CPU_API CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream);
CUDA_ON_CPU_API CUresult cuGraphDestroy(CUgraph graph);
CUDA_ON_CPU_API CUresult cuGraphExecDestroy(CUgraphExec executable);

CUDA_ON_CPU_API CUresult cuProfilerStart(void);
CUDA_ON_CPU_API CUresult cuProfilerStop(void);
