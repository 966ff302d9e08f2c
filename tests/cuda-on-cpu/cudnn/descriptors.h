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
  bool is_hostile = false;  // see offers()
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

enum class Behaviour { right, wrong, failing };

// An algorithm of one direction, with the number that cuDNN gives it.
struct Offer {
  int number;
  size_t workspace;
  bool is_deterministic;
  Behaviour behaviour;
};

// As cuDNN does: the fastest first whether it is deterministic or not. A hostile handle first has one that fails when
// it is run, one that wants 2 GiB, and one that is wrong for 3x3 kernels. It has nothing deterministic for float32 in
// three dimensions.
std::vector<Offer> offers(const Problem &problem, bool is_forward);

}  // namespace cudnn_on_cpu

// For tests: whether handles that the calling thread creates from now on are hostile; returns what was so before, which
// REVUP_CUDNN_ON_CPU_HOSTILE says at first.
extern "C" CUDA_ON_CPU_SHARED int cudnn_on_cpu_hostile(int is_hostile);
