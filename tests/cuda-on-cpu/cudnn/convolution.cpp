// The three convolutions, by the naive oracle in float64. A workspace is overwritten with NaN, as an algorithm that
// uses it may do.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../../native/cpu/bfloat16.h"
#include "../../../native/cpu/reference/convolution.h"
#include "descriptors.h"

using namespace cudnn_on_cpu;

namespace {

constexpr size_t alignment = 16;  // of tensors, as cuDNN's vectorised kernels want it

template <typename T>
std::vector<double> read(const void *from, size_t count) {
  const auto *const values = static_cast<const T *>(from);
  std::vector<double> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = static_cast<double>(revup::load(values[i]));
  return result;
}

// A float32 factor on tensor cores: 10 bits behind the leading one, ties to even.
double to_tf32(double factor) {
  const auto value = static_cast<float>(factor);
  if (!std::isfinite(value)) return factor;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0xfff + (bits >> 13 & 1)) & ~uint32_t{0x1fff};
  float rounded;
  std::memcpy(&rounded, &bits, sizeof rounded);
  return static_cast<double>(rounded);
}

std::vector<double> read(const Tensor &tensor, const void *from, cudnnMathType_t math) {
  if (tensor.type != CUDNN_DATA_FLOAT) return read<revup::bfloat16>(from, tensor.count());
  std::vector<double> result = read<float>(from, tensor.count());
  if (math == CUDNN_DEFAULT_MATH) std::transform(result.begin(), result.end(), result.begin(), to_tf32);
  return result;
}

// to = alpha * values + beta * to. As in cuDNN, a beta of zero does not read what is there, which may be NaN.
template <typename T>
void write(const std::vector<double> &values, float alpha, float beta, void *to) {
  auto *const target = static_cast<T *>(to);
  for (size_t i = 0; i < values.size(); ++i) {
    const double scaled = static_cast<double>(alpha) * values[i];
    const double kept = beta == 0 ? 0 : static_cast<double>(beta) * static_cast<double>(revup::load(target[i]));
    revup::store(static_cast<float>(scaled + kept), target[i]);
  }
}

struct Operand {
  const Tensor &tensor;
  const void *memory;

  bool overlaps(const void *other, size_t bytes) const {
    const auto start = reinterpret_cast<uintptr_t>(memory), end = start + tensor.bytes();
    const auto other_start = reinterpret_cast<uintptr_t>(other);
    return start < other_start + bytes && other_start < end;
  }
};

cudnnStatus_t check_memory(const Operand &operand) {
  if (operand.memory == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  switch (cuda_on_cpu::check_device_range(operand.memory, operand.tensor.bytes(), alignment)) {
    case CUDA_SUCCESS:
      return CUDNN_STATUS_SUCCESS;
    case CUDA_ERROR_MISALIGNED_ADDRESS:
      return refuse(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "a tensor is not aligned to 16 bytes");
    default:
      return refuse(CUDNN_STATUS_BAD_PARAM, "a tensor is not within one living device allocation");
  }
}

using Oracle = void (*)(const revup_convolution_geometry *, const double *, const double *, double *);

struct Call {
  const Problem &problem;
  const void *alpha, *beta;
  Operand first, second, result;  // in the order in which the oracle takes them
  Offer offer;
  void *workspace;
  size_t workspace_size;
};

cudnnStatus_t check(const Call &call) {
  if (call.alpha == nullptr || call.beta == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  for (const Operand &operand : {call.first, call.second, call.result}) {
    RETURN_IF_FAILED(check_memory(operand));
  }
  if (call.result.overlaps(call.first.memory, call.first.tensor.bytes()) ||
      call.result.overlaps(call.second.memory, call.second.tensor.bytes())) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "the result of a convolution overlaps one of its operands");
  }
  const size_t needed = call.offer.workspace;
  if (needed == 0) return CUDNN_STATUS_SUCCESS;
  if (call.workspace == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "the workspace is null");
  if (call.workspace_size < needed) {
    return refuse(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "the workspace is smaller than the algorithm needs");
  }
  if (cuda_on_cpu::check_device_range(call.workspace, needed, alignment) != CUDA_SUCCESS) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "the workspace is misaligned or not within one living device allocation");
  }
  for (const Operand &operand : {call.first, call.second, call.result}) {
    if (operand.overlaps(call.workspace, needed)) {
      return refuse(CUDNN_STATUS_BAD_PARAM, "the workspace overlaps a tensor of the convolution");
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

// The work owns all that it needs: descriptors may be changed or destroyed before a graph replays it.
cudnnStatus_t run(Call call, int algorithm, Oracle oracle) {
  const std::vector<Offer> offered = offers(call.problem, false);
  const auto is_named = [=](const Offer &offer) { return offer.number == algorithm; };
  const auto found = std::find_if(offered.begin(), offered.end(), is_named);
  if (found == offered.end()) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED, "this algorithm cannot run this convolution");
  }
  call.offer = *found;
  RETURN_IF_FAILED(check(call));
  if (call.offer.behaviour == Behaviour::failing) return CUDNN_STATUS_EXECUTION_FAILED;
  auto work = [oracle, geometry = call.problem.geometry, first = call.first.tensor, second = call.second.tensor,
               result = call.result.tensor, from = call.first.memory, with = call.second.memory,
               to = const_cast<void *>(call.result.memory), alpha = *static_cast<const float *>(call.alpha),
               beta = *static_cast<const float *>(call.beta), math = call.problem.convolution->math,
               workspace = call.workspace, used = call.offer.workspace,
               is_wrong = call.offer.behaviour == Behaviour::wrong] {
    if (cuda_on_cpu::check_device_range(from, first.bytes(), alignment) != CUDA_SUCCESS ||
        cuda_on_cpu::check_device_range(with, second.bytes(), alignment) != CUDA_SUCCESS ||
        cuda_on_cpu::check_device_range(to, result.bytes(), alignment) != CUDA_SUCCESS ||
        cuda_on_cpu::check_device_range(workspace, used, alignment) != CUDA_SUCCESS) {
      return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    if (used > 0) std::memset(workspace, 0xff, used);
    std::vector<double> values(result.count());
    oracle(&geometry, read(first, from, math).data(), read(second, with, math).data(), values.data());
    for (size_t i = 0; is_wrong && i < values.size(); i += 3) values[i] += 1;
    result.type == CUDNN_DATA_FLOAT ? write<float>(values, alpha, beta, to)
                                    : write<revup::bfloat16>(values, alpha, beta, to);
    return CUDA_SUCCESS;
  };
  if (cuda_on_cpu::check_context() != CUDA_SUCCESS) return CUDNN_STATUS_EXECUTION_FAILED;
  const CUresult submitted = cuda_on_cpu::submit(call.problem.handle->stream, work);
  return submitted == CUDA_SUCCESS ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}

}  // namespace

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void *alpha, cudnnTensorDescriptor_t x_descriptor,
                                      const void *x, cudnnFilterDescriptor_t w_descriptor, const void *w,
                                      cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algorithm,
                                      void *workspace, size_t bytes, const void *beta,
                                      cudnnTensorDescriptor_t y_descriptor, void *y) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x_descriptor, w_descriptor, convolution, y_descriptor, problem));
  return run({problem, alpha, beta, {*problem.x, x}, {*problem.w, w}, {*problem.y, y}, {}, workspace, bytes}, algorithm,
             revup_reference_convolution_fprop);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void *alpha,
                                           cudnnFilterDescriptor_t w_descriptor, const void *w,
                                           cudnnTensorDescriptor_t dy_descriptor, const void *dy,
                                           cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void *workspace, size_t bytes,
                                           const void *beta, cudnnTensorDescriptor_t dx_descriptor, void *dx) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, dx_descriptor, w_descriptor, convolution, dy_descriptor, problem));
  return run({problem, alpha, beta, {*problem.y, dy}, {*problem.w, w}, {*problem.x, dx}, {}, workspace, bytes},
             algorithm, revup_reference_convolution_dgrad);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void *alpha,
                                             cudnnTensorDescriptor_t x_descriptor, const void *x,
                                             cudnnTensorDescriptor_t dy_descriptor, const void *dy,
                                             cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void *workspace, size_t bytes,
                                             const void *beta, cudnnFilterDescriptor_t dw_descriptor, void *dw) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, x_descriptor, dw_descriptor, convolution, dy_descriptor, problem));
  return run({problem, alpha, beta, {*problem.x, x}, {*problem.y, dy}, {*problem.w, dw}, {}, workspace, bytes},
             algorithm, revup_reference_convolution_wgrad);
}
