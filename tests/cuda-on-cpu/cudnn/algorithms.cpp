// The checks that every call about a convolution makes first, and the choice of algorithms.
#include <algorithm>

#include "descriptors.h"

namespace cudnn_on_cpu {
namespace {

template <typename Algorithm>
cudnnStatus_t list_algorithms(const Problem &problem, Algorithm winograd, bool is_forward, int requested, int *returned,
                              cudnnConvolutionAlgoPerf<Algorithm> *results) {
  if (returned == nullptr || results == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (requested < 1) return refuse(CUDNN_STATUS_BAD_PARAM, "the number of algorithms requested is below 1");
  const cudnnMathType_t math = problem.convolution->math;
  std::vector<cudnnConvolutionAlgoPerf<Algorithm>> all;
  for (const Offer &offer : offers(problem, is_forward)) {
    all.push_back({static_cast<Algorithm>(offer.number),
                   CUDNN_STATUS_SUCCESS,
                   -1,
                   offer.workspace,
                   offer.is_deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC,
                   math,
                   {}});
  }
  // As cuDNN does: last those that cannot run this problem.
  all.push_back({winograd, CUDNN_STATUS_NOT_SUPPORTED, -1, 0, CUDNN_DETERMINISTIC, math, {}});
  *returned = std::min(requested, static_cast<int>(all.size()));
  std::copy_n(all.begin(), *returned, results);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t query_workspace(const Problem &problem, int algorithm, size_t *bytes) {
  if (bytes == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  for (const Offer &offer : offers(problem, false)) {
    if (offer.number != algorithm) continue;
    *bytes = offer.workspace;
    return CUDNN_STATUS_SUCCESS;
  }
  return refuse(CUDNN_STATUS_NOT_SUPPORTED, "this algorithm cannot run this convolution");
}

}  // namespace

cudnnStatus_t describe(cudnnHandle_t handle, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                       cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, Problem &problem) {
  problem = {
      handles.find(handle), tensors.find(x), tensors.find(y), filters.find(w), convolutions.find(convolution), {}};
  if (problem.handle == nullptr) return refuse(CUDNN_STATUS_NOT_INITIALIZED, "the cuDNN handle is not alive");
  if (problem.x == nullptr || problem.y == nullptr || problem.w == nullptr || problem.convolution == nullptr) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor is null, of another kind, or was destroyed");
  }
  const Tensor &input = *problem.x, &output = *problem.y;
  const Filter &filter = *problem.w;
  const Convolution &settings = *problem.convolution;
  if (input.extents.empty() || output.extents.empty() || filter.extents.empty() || settings.padding.empty()) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "a descriptor was created but not set");
  }
  const size_t rank = settings.padding.size();
  if (input.extents.size() != rank + 2 || output.extents.size() != rank + 2 || filter.extents.size() != rank + 2) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "the descriptors differ in their number of dimensions");
  }
  if (input.type != output.type || input.type != filter.type) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "x, w and y differ in their type");
  }
  if (input.extents[0] != output.extents[0]) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "x and y differ in their batch");
  }
  const int groups = settings.groups;
  if (input.extents[1] % groups != 0 || output.extents[1] % groups != 0 ||
      filter.extents[1] != input.extents[1] / groups || filter.extents[0] != output.extents[1]) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "the channels of x, w, y and the groups do not fit together");
  }
  revup_convolution_geometry &geometry = problem.geometry;
  geometry.rank = static_cast<int32_t>(rank);
  geometry.batch = input.extents[0];
  geometry.in_channels = input.extents[1];
  geometry.out_channels = output.extents[1];
  geometry.groups = groups;
  for (size_t axis = 0; axis < rank; ++axis) {
    geometry.input[axis] = input.extents[axis + 2];
    geometry.kernel[axis] = filter.extents[axis + 2];
    geometry.stride[axis] = settings.stride[axis];
    geometry.padding[axis] = settings.padding[axis];
    const int64_t span = geometry.input[axis] + 2 * geometry.padding[axis] - geometry.kernel[axis];
    if (span < 0 || output.extents[axis + 2] != span / geometry.stride[axis] + 1) {
      return refuse(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "an extent of y is not what x, w, padding and stride give");
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

std::vector<Offer> offers(const Problem &problem, bool is_forward) {
  const size_t workspace = 256 + problem.w->count() * sizeof(float);
  const revup_convolution_geometry &geometry = problem.geometry;
  const bool is_volume = geometry.rank == 3, is_bfloat16 = problem.x->type == CUDNN_DATA_BFLOAT16;
  if (problem.handle->is_hostile) {
    const bool is_deterministic = is_bfloat16 || !is_volume;
    const bool is_3x3 = !is_volume && geometry.kernel[0] == 3 && geometry.kernel[1] == 3;
    return {{0, 0, is_deterministic, Behaviour::failing},
            {1, size_t{2} << 30, is_deterministic, Behaviour::right},
            {3, workspace, is_deterministic, is_3x3 ? Behaviour::wrong : Behaviour::right},
            {5, 0, is_deterministic, Behaviour::right}};
  }
  // The worst that may be met: grouped 3-D gradients of bfloat16 that no algorithm gives the same bits for every time.
  const bool none = is_bfloat16 && is_volume && geometry.groups > 1;
  return {{0, 0, is_forward, Behaviour::right}, {1, workspace, !is_forward && !none, Behaviour::right}};
}

}  // namespace cudnn_on_cpu

using namespace cudnn_on_cpu;

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                     cudnnFilterDescriptor_t w,
                                                     cudnnConvolutionDescriptor_t convolution,
                                                     cudnnTensorDescriptor_t y, int requested, int *returned,
                                                     cudnnConvolutionFwdAlgoPerf_t *results) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x, w, convolution, y, problem));
  return list_algorithms(problem, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, true, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                          cudnnTensorDescriptor_t dy,
                                                          cudnnConvolutionDescriptor_t convolution,
                                                          cudnnTensorDescriptor_t dx, int requested, int *returned,
                                                          cudnnConvolutionBwdDataAlgoPerf_t *results) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, dx, w, convolution, dy, problem));
  return list_algorithms(problem, CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD, false, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                            cudnnTensorDescriptor_t dy,
                                                            cudnnConvolutionDescriptor_t convolution,
                                                            cudnnFilterDescriptor_t dw, int requested, int *returned,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t *results) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x, dw, convolution, dy, problem));
  return list_algorithms(problem, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD, false, requested, returned, results);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                      cudnnFilterDescriptor_t w,
                                                      cudnnConvolutionDescriptor_t convolution,
                                                      cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm,
                                                      size_t *bytes) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x, w, convolution, y, problem));
  return query_workspace(problem, algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, cudnnFilterDescriptor_t w,
                                                           cudnnTensorDescriptor_t dy,
                                                           cudnnConvolutionDescriptor_t convolution,
                                                           cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t algorithm, size_t *bytes) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, dx, w, convolution, dy, problem));
  return query_workspace(problem, algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, cudnnTensorDescriptor_t x,
                                                             cudnnTensorDescriptor_t dy,
                                                             cudnnConvolutionDescriptor_t convolution,
                                                             cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm, size_t *bytes) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x, dw, convolution, dy, problem));
  return query_workspace(problem, algorithm, bytes);
}
