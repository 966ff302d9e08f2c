// Handles and descriptors, and the one geometry that three descriptors and a filter must agree on.
#pragma once

#include <vector>

#include "../../../native/include/revup_cpu.h"
#include "../include/cudnn_legacy.h"
#include "../include/handles.h"
#include "../include/stand_in.h"

namespace cudnn_on_cpu {

struct Handle {
  CUstream stream = nullptr;
};

// As set: N, C, (D,) H, W. Empty before it was.
struct Tensor {
  cudnnDataType_t type{};
  std::vector<int> extents{};
  size_t count() const;
  size_t bytes() const;
};

// As set: K, C / groups, (D,) H, W; memory is K (D) H W C/groups.
struct Filter : Tensor {};

struct Convolution {
  std::vector<int> padding{}, stride{};
  int groups = 1;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

extern cuda_on_cpu::HandleTable<cudnnHandle_t, Handle> handles;
extern cuda_on_cpu::HandleTable<cudnnTensorDescriptor_t, Tensor> tensors;
extern cuda_on_cpu::HandleTable<cudnnFilterDescriptor_t, Filter> filters;
extern cuda_on_cpu::HandleTable<cudnnConvolutionDescriptor_t, Convolution> convolutions;

// Says on the standard error what a status leaves open, and returns the status.
cudnnStatus_t refuse(cudnnStatus_t status, const char *reason);

// A convolution x -> y by w whose descriptors were found alive and consistent.
struct Problem {
  std::shared_ptr<Handle> handle;
  std::shared_ptr<Tensor> x, y;
  std::shared_ptr<Filter> w;
  std::shared_ptr<Convolution> convolution;
  revup_convolution_geometry geometry;
};

// The gradients are problems of the same kind: dx is x, dy is y, dw is w.
cudnnStatus_t describe(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                       cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, Problem &problem);

// Bytes that the deterministic algorithms ask for; the others need none.
size_t workspace_bytes(const Problem &problem);

// The algorithms of one direction with the numbers that cuDNN gives them.
constexpr int fast_algorithm = 0, deterministic_algorithm = 1;

}  // namespace cudnn_on_cpu
