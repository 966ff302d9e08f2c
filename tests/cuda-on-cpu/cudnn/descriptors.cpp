#include "descriptors.h"

#include <cstdlib>
#include <utility>

using namespace cudnn_on_cpu;

namespace cudnn_on_cpu {
namespace {

bool is_type(cudnnDataType_t type) { return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_BFLOAT16; }

bool all_at_least(int least, const int *values, int count) {
  for (int i = 0; i < count; ++i) {
    if (values[i] < least) return false;
  }
  return true;
}

// C fastest, then W, H, (D,) N, without gaps.
bool is_channels_last(int rank, const int *extents, const int *strides) {
  int64_t expected = 1;
  if (strides[1] != 1) return false;
  expected *= extents[1];
  for (int axis = rank - 1; axis >= 2; --axis) {
    if (strides[axis] != expected) return false;
    expected *= extents[axis];
  }
  return strides[0] == expected;
}

template <typename Handle, typename Object>
cudnnStatus_t create(cuda_on_cpu::HandleTable<Handle, Object> &table, Handle *handle) {
  if (handle == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *handle = table.add(std::make_shared<Object>());
  return CUDNN_STATUS_SUCCESS;
}

template <typename Handle, typename Object>
cudnnStatus_t destroy(cuda_on_cpu::HandleTable<Handle, Object> &table, Handle handle) {
  if (table.remove(handle) != nullptr) return CUDNN_STATUS_SUCCESS;
  return refuse(CUDNN_STATUS_BAD_PARAM, "what is destroyed was not created, or was destroyed before");
}

}  // namespace

size_t Tensor::count() const {
  size_t product = 1;
  for (const int extent : extents) product *= static_cast<size_t>(extent);
  return product;
}

size_t Tensor::bytes() const { return count() * (type == CUDNN_DATA_FLOAT ? 4 : 2); }

cuda_on_cpu::HandleTable<cudnnHandle_t, Handle> handles;
cuda_on_cpu::HandleTable<cudnnTensorDescriptor_t, Tensor> tensors;
cuda_on_cpu::HandleTable<cudnnFilterDescriptor_t, Filter> filters;
cuda_on_cpu::HandleTable<cudnnConvolutionDescriptor_t, Convolution> convolutions;

cudnnStatus_t refuse(cudnnStatus_t status, const char *reason) {
  cuda_on_cpu::report(reason);
  return status;
}

}  // namespace cudnn_on_cpu

namespace {

thread_local bool makes_hostile_handles = std::getenv("REVUP_CUDNN_ON_CPU_HOSTILE") != nullptr;

}  // namespace

int cudnn_on_cpu_hostile(int is_hostile) { return std::exchange(makes_hostile_handles, is_hostile != 0); }

size_t cudnnGetVersion() {
  const char *const text = std::getenv("REVUP_CUDNN_ON_CPU_VERSION");
  return text == nullptr ? 90100 : std::strtoul(text, nullptr, 10);
}

const char *cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
#define NAME(value) \
  case value:       \
    return #value;
    NAME(CUDNN_STATUS_SUCCESS)
    NAME(CUDNN_STATUS_NOT_INITIALIZED)
    NAME(CUDNN_STATUS_BAD_PARAM)
    NAME(CUDNN_STATUS_BAD_PARAM_NULL_POINTER)
    NAME(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER)
    NAME(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT)
    NAME(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH)
    NAME(CUDNN_STATUS_NOT_SUPPORTED)
    NAME(CUDNN_STATUS_EXECUTION_FAILED)
#undef NAME
  }
  return "CUDNN_UNKNOWN_STATUS";
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) {
  if (cuda_on_cpu::check_context() != CUDA_SUCCESS) {
    return refuse(CUDNN_STATUS_NOT_INITIALIZED, "cudnnCreate needs a current context");
  }
  RETURN_IF_FAILED(create(handles, handle));
  handles.find(*handle)->is_hostile = makes_hostile_handles;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) { return destroy(handles, handle); }

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, CUstream stream) {
  const std::shared_ptr<Handle> found = handles.find(handle);
  if (found == nullptr || cuda_on_cpu::check_stream(stream) != CUDA_SUCCESS) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnSetStream: the handle or the stream is not alive");
  }
  found->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t *tensor) { return create(tensors, tensor); }
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) { return destroy(tensors, tensor); }
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t *filter) { return create(filters, filter); }
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) { return destroy(filters, filter); }
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t *convolution) {
  return create(convolutions, convolution);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
  return destroy(convolutions, convolution);
}

cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int rank,
                                         const int *extents, const int *strides) {
  const std::shared_ptr<Tensor> found = tensors.find(tensor);
  if (found == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnSetTensorNdDescriptor: no such descriptor");
  if (extents == nullptr || strides == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!is_type(type)) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a tensor is float32 or bfloat16");
  if (rank < 4 || rank > 5) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a tensor has 4 or 5 dimensions");
  if (!all_at_least(1, extents, rank)) return refuse(CUDNN_STATUS_BAD_PARAM, "an extent of a tensor is below 1");
  if (!is_channels_last(rank, extents, strides)) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the strides of a tensor are not dense channels-last");
  }
  *found = Tensor{type, {extents, extents + rank}};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilterNdDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int rank, const int *extents) {
  const std::shared_ptr<Filter> found = filters.find(filter);
  if (found == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnSetFilterNdDescriptor: no such descriptor");
  if (extents == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (!is_type(type)) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a filter is float32 or bfloat16");
  if (format != CUDNN_TENSOR_NHWC) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a filter is channels-last (NHWC)");
  if (rank < 4 || rank > 5) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a filter has 4 or 5 dimensions");
  if (!all_at_least(1, extents, rank)) return refuse(CUDNN_STATUS_BAD_PARAM, "an extent of a filter is below 1");
  *found = Filter{{type, {extents, extents + rank}}};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionNdDescriptor(cudnnConvolutionDescriptor_t convolution, int rank, const int *padding,
                                              const int *stride, const int *dilation, cudnnConvolutionMode_t mode,
                                              cudnnDataType_t compute_type) {
  const std::shared_ptr<Convolution> found = convolutions.find(convolution);
  if (found == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "cudnnSetConvolutionNdDescriptor: no such descriptor");
  if (padding == nullptr || stride == nullptr || dilation == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  if (rank < 2 || rank > 3) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "a convolution has 2 or 3 dimensions");
  if (!all_at_least(0, padding, rank) || !all_at_least(1, stride, rank) || !all_at_least(1, dilation, rank)) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "a padding below 0, or a stride or dilation below 1");
  }
  for (int axis = 0; axis < rank; ++axis) {
    if (dilation[axis] != 1) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the stand-in has no dilated convolutions");
  }
  if (mode != CUDNN_CROSS_CORRELATION) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the stand-in has cross-correlation only: filters are not flipped");
  }
  if (compute_type != CUDNN_DATA_FLOAT) return refuse(CUDNN_STATUS_NOT_SUPPORTED, "the compute type is float32");
  found->padding.assign(padding, padding + rank);
  found->stride.assign(stride, stride + rank);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
  const std::shared_ptr<Convolution> found = convolutions.find(convolution);
  if (found == nullptr || math < CUDNN_DEFAULT_MATH || math > CUDNN_FMA_MATH) return CUDNN_STATUS_BAD_PARAM;
  found->math = math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convolution, int groups) {
  const std::shared_ptr<Convolution> found = convolutions.find(convolution);
  if (found == nullptr || groups < 1) return CUDNN_STATUS_BAD_PARAM;
  found->groups = groups;
  return CUDNN_STATUS_SUCCESS;
}
