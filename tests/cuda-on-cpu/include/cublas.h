// The part of cuBLAS that the provider on ManagedCuda calls: the names, numbers and signatures of libcublas.so.12.
#pragma once

#include "cublaslt.h"

using cublasHandle_t = struct cublasContext *;

CUDA_ON_CPU_API cublasStatus_t cublasCreate_v2(cublasHandle_t *handle);
CUDA_ON_CPU_API cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
CUDA_ON_CPU_API cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, CUstream stream);
CUDA_ON_CPU_API cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes);
CUDA_ON_CPU_API cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t transpose_a,
                                              cublasOperation_t transpose_b, int m, int n, int k, const float *alpha,
                                              const float *a, int leading_a, const float *b, int leading_b,
                                              const float *beta, float *c, int leading_c);
