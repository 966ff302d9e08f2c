// The part of cuDNN 9's legacy convolution API that RevUp calls: the names, numbers and signatures of libcudnn.so.9.
#pragma once

#include "cuda_driver.h"

enum cudnnStatus_t : int {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_BAD_PARAM_NULL_POINTER = 2002,
  CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER = 2003,
  CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT = 2006,
  CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH = 2008,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_EXECUTION_FAILED = 5000,
};

enum cudnnDataType_t : int { CUDNN_DATA_FLOAT = 0, CUDNN_DATA_BFLOAT16 = 9 };
enum cudnnTensorFormat_t : int { CUDNN_TENSOR_NCHW = 0, CUDNN_TENSOR_NHWC = 1 };
enum cudnnConvolutionMode_t : int { CUDNN_CONVOLUTION = 0, CUDNN_CROSS_CORRELATION = 1 };
enum cudnnDeterminism_t : int { CUDNN_NON_DETERMINISTIC = 0, CUDNN_DETERMINISTIC = 1 };
enum cudnnMathType_t : int {
  CUDNN_DEFAULT_MATH = 0,
  CUDNN_TENSOR_OP_MATH = 1,
  CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION = 2,
  CUDNN_FMA_MATH = 3,
};

enum cudnnConvolutionFwdAlgo_t : int {
  CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM = 0,
  CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM = 1,
  CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD = 6,
};
enum cudnnConvolutionBwdDataAlgo_t : int {
  CUDNN_CONVOLUTION_BWD_DATA_ALGO_0 = 0,  // not deterministic
  CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 = 1,
  CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD = 4,
};
enum cudnnConvolutionBwdFilterAlgo_t : int {
  CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 = 0,  // not deterministic
  CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 = 1,
  CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD = 4,
};

template <typename Algorithm>
struct cudnnConvolutionAlgoPerf {
  Algorithm algo;
  cudnnStatus_t status;
  float time;
  size_t memory;
  cudnnDeterminism_t determinism;
  cudnnMathType_t mathType;
  int reserved[3];
};
using cudnnConvolutionFwdAlgoPerf_t = cudnnConvolutionAlgoPerf<cudnnConvolutionFwdAlgo_t>;
using cudnnConvolutionBwdDataAlgoPerf_t = cudnnConvolutionAlgoPerf<cudnnConvolutionBwdDataAlgo_t>;
using cudnnConvolutionBwdFilterAlgoPerf_t = cudnnConvolutionAlgoPerf<cudnnConvolutionBwdFilterAlgo_t>;
static_assert(sizeof(cudnnConvolutionFwdAlgoPerf_t) == 48);

using cudnnHandle_t = struct cudnnContext *;
using cudnnTensorDescriptor_t = struct cudnnTensorStruct *;
using cudnnFilterDescriptor_t = struct cudnnFilterStruct *;
using cudnnConvolutionDescriptor_t = struct cudnnConvolutionStruct *;

CUDA_ON_CPU_API size_t cudnnGetVersion();
CUDA_ON_CPU_API const char *cudnnGetErrorString(cudnnStatus_t status);
CUDA_ON_CPU_API cudnnStatus_t cudnnCreate(cudnnHandle_t *handle);
CUDA_ON_CPU_API cudnnStatus_t cudnnDestroy(cudnnHandle_t handle);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream);

CUDA_ON_CPU_API cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *tensor);
CUDA_ON_CPU_API cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int rank,
                                                         const int *extents, const int *strides);
CUDA_ON_CPU_API cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *filter);
CUDA_ON_CPU_API cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                                         cudnnTensorFormat_t format, int rank, const int *extents);
CUDA_ON_CPU_API cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *convolution);
CUDA_ON_CPU_API cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetConvolutionNdDescriptor(cudnnConvolutionDescriptor_t convolution, int rank,
                                                              const int *padding, const int *stride,
                                                              const int *dilation, cudnnConvolutionMode_t mode,
                                                              cudnnDataType_t compute_type);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution,
                                                          cudnnMathType_t math);
CUDA_ON_CPU_API cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int groups);

CUDA_ON_CPU_API cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                                     cudnnFilterDescriptor_t w,
                                                                     cudnnConvolutionDescriptor_t convolution,
                                                                     cudnnTensorDescriptor_t y, int requested,
                                                                     int *returned,
                                                                     cudnnConvolutionFwdAlgoPerf_t *results);
CUDA_ON_CPU_API cudnnStatus_t
cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
                                            cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx,
                                            int requested, int *returned, cudnnConvolutionBwdDataAlgoPerf_t *results);
CUDA_ON_CPU_API cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dw, int requested, int *returned,
    cudnnConvolutionBwdFilterAlgoPerf_t *results);
CUDA_ON_CPU_API cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                                      cudnnFilterDescriptor_t w,
                                                                      cudnnConvolutionDescriptor_t convolution,
                                                                      cudnnTensorDescriptor_t y,
                                                                      cudnnConvolutionFwdAlgo_t algorithm,
                                                                      size_t *bytes);
CUDA_ON_CPU_API cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(
    cudnnHandle_t handle, cudnnFilterDescriptor_t w, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algorithm,
    size_t *bytes);
CUDA_ON_CPU_API cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dy,
    cudnnConvolutionDescriptor_t convolution, cudnnFilterDescriptor_t dw, cudnnConvolutionBwdFilterAlgo_t algorithm,
    size_t *bytes);

CUDA_ON_CPU_API cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void *alpha,
                                                      cudnnTensorDescriptor_t x_descriptor, const void *x,
                                                      cudnnFilterDescriptor_t w_descriptor, const void *w,
                                                      cudnnConvolutionDescriptor_t convolution,
                                                      cudnnConvolutionFwdAlgo_t algorithm, void *workspace,
                                                      size_t workspace_bytes, const void *beta,
                                                      cudnnTensorDescriptor_t y_descriptor, void *y);
CUDA_ON_CPU_API cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void *alpha,
                                                           cudnnFilterDescriptor_t w_descriptor, const void *w,
                                                           cudnnTensorDescriptor_t dy_descriptor, const void *dy,
                                                           cudnnConvolutionDescriptor_t convolution,
                                                           cudnnConvolutionBwdDataAlgo_t algorithm, void *workspace,
                                                           size_t workspace_bytes, const void *beta,
                                                           cudnnTensorDescriptor_t dx_descriptor, void *dx);
CUDA_ON_CPU_API cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void *alpha,
                                                             cudnnTensorDescriptor_t x_descriptor, const void *x,
                                                             cudnnTensorDescriptor_t dy_descriptor, const void *dy,
                                                             cudnnConvolutionDescriptor_t convolution,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void *workspace,
                                                             size_t workspace_bytes, const void *beta,
                                                             cudnnFilterDescriptor_t dw_descriptor, void *dw);
