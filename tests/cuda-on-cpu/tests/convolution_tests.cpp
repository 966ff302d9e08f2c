// The stand-in libcudnn: its convolutions against the naive oracle, and what it refuses.
#include <cmath>

#include "../../../native/cpu/bfloat16.h"
#include "../../../native/cpu/reference/convolution.h"
#include "../include/cudnn_legacy.h"
#include "device.h"

namespace tests {
namespace {

std::vector<int> channels_last_strides(const std::vector<int> &extents) {
  std::vector<int> strides(extents.size(), 1);
  int next = extents[1];
  for (size_t axis = extents.size() - 1; axis >= 2; --axis) {
    strides[axis] = next;
    next *= extents[axis];
  }
  strides[0] = next;
  return strides;
}

size_t product(const std::vector<int> &extents) {
  size_t count = 1;
  for (const int extent : extents) count *= static_cast<size_t>(extent);
  return count;
}

// Values that bfloat16 holds exactly, so that only the result is rounded.
std::vector<float> small_numbers(size_t count, unsigned seed) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(static_cast<int>((i * 37 + seed) % 17) - 8) / 8;
  return values;
}

std::vector<double> widened(const std::vector<float> &values) { return {values.begin(), values.end()}; }

// A convolution with its descriptors set.
struct Convolution : Device {
  explicit Convolution(const revup_convolution_geometry &of) : geometry(of) {
    const std::vector<int> padding(of.padding, of.padding + of.rank), stride(of.stride, of.stride + of.rank),
        dilation(3, 1);
    x_extents = {static_cast<int>(of.batch), static_cast<int>(of.in_channels)};
    w_extents = {static_cast<int>(of.out_channels), static_cast<int>(of.in_channels / of.groups)};
    y_extents = {static_cast<int>(of.batch), static_cast<int>(of.out_channels)};
    for (int axis = 0; axis < of.rank; ++axis) {
      x_extents.push_back(static_cast<int>(of.input[axis]));
      w_extents.push_back(static_cast<int>(of.kernel[axis]));
      y_extents.push_back(
          static_cast<int>((of.input[axis] + 2 * of.padding[axis] - of.kernel[axis]) / of.stride[axis] + 1));
    }
    type = of.type == REVUP_FLOAT32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16;
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreate(&handle));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnSetStream(handle, stream_of_device()));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreateTensorDescriptor(&x));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreateTensorDescriptor(&y));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreateFilterDescriptor(&w));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreateConvolutionDescriptor(&convolution));
    EXPECT(CUDNN_STATUS_SUCCESS, set(x, x_extents));
    EXPECT(CUDNN_STATUS_SUCCESS, set(y, y_extents));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnSetFilterNdDescriptor(w, type, CUDNN_TENSOR_NHWC, of.rank + 2, w_extents.data()));
    EXPECT(CUDNN_STATUS_SUCCESS,
           cudnnSetConvolutionNdDescriptor(convolution, of.rank, padding.data(), stride.data(), dilation.data(),
                                           CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    EXPECT(CUDNN_STATUS_SUCCESS, cudnnSetConvolutionGroupCount(convolution, static_cast<int>(of.groups)));
  }
  ~Convolution() {
    cudnnDestroyConvolutionDescriptor(convolution);
    cudnnDestroyFilterDescriptor(w);
    cudnnDestroyTensorDescriptor(x);
    cudnnDestroyTensorDescriptor(y);
    cudnnDestroy(handle);
  }

  CUstream stream_of_device() const { return Device::stream; }

  cudnnStatus_t set(cudnnTensorDescriptor_t tensor, const std::vector<int> &extents) const {
    return cudnnSetTensorNdDescriptor(tensor, type, static_cast<int>(extents.size()), extents.data(),
                                      channels_last_strides(extents).data());
  }

  void *put(const std::vector<float> &values) const {
    if (type == CUDNN_DATA_FLOAT) return reinterpret_cast<void *>(upload(values));
    std::vector<revup::bfloat16> narrow(values.size());
    for (size_t i = 0; i < values.size(); ++i) revup::store(values[i], narrow[i]);
    return reinterpret_cast<void *>(upload(narrow));
  }

  std::vector<float> get(const void *memory, size_t count) const {
    const auto address = reinterpret_cast<CUdeviceptr>(memory);
    if (type == CUDNN_DATA_FLOAT) return download<float>(address, count);
    const auto narrow = download<revup::bfloat16>(address, count);
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = revup::load(narrow[i]);
    return values;
  }

  // alpha * result + beta * before, rounded once to the storage type, to the bit.
  void expect(const std::vector<double> &result, const std::vector<float> &before, const void *memory) const {
    const std::vector<float> actual = get(memory, result.size());
    for (size_t i = 0; i < result.size(); ++i) {
      auto expected = static_cast<float>(static_cast<double>(alpha) * result[i] +
                                         static_cast<double>(beta) * static_cast<double>(before[i]));
      if (type == CUDNN_DATA_BFLOAT16) {
        revup::bfloat16 narrow;
        revup::store(expected, narrow);
        expected = revup::load(narrow);
      }
      EXPECT(expected, actual[i]);
    }
  }

  revup_convolution_geometry geometry;
  std::vector<int> x_extents, w_extents, y_extents;
  cudnnDataType_t type;
  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t convolution = nullptr;
  float alpha = 0.5f, beta = 2.0f, one = 1.0f, zero = 0.0f;
};

// All three directions with the deterministic algorithm, alpha and beta.
void matches_the_oracle(const revup_convolution_geometry &geometry) {
  const Convolution c(geometry);
  const size_t x_count = product(c.x_extents), w_count = product(c.w_extents), y_count = product(c.y_extents);
  const auto x = small_numbers(x_count, 1), w = small_numbers(w_count, 2), y = small_numbers(y_count, 3);
  void *const x_memory = c.put(x), *const w_memory = c.put(w), *const y_memory = c.put(y);
  void *const dx_memory = c.put(x), *const dw_memory = c.put(w), *const result_memory = c.put(y);
  size_t bytes = 0;
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnGetConvolutionForwardWorkspaceSize(c.handle, c.x, c.w, c.convolution, c.y,
                                                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, &bytes));
  EXPECT(true, bytes > 0);
  void *const workspace = reinterpret_cast<void *>(c.allocate(bytes));

  std::vector<double> result(y_count);
  revup_reference_convolution_fprop(&geometry, widened(x).data(), widened(w).data(), result.data());
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnConvolutionForward(c.handle, &c.alpha, c.x, x_memory, c.w, w_memory, c.convolution,
                                                       CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, workspace,
                                                       bytes, &c.beta, c.y, result_memory));
  c.expect(result, y, result_memory);

  result.resize(x_count);
  revup_reference_convolution_dgrad(&geometry, widened(y).data(), widened(w).data(), result.data());
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnConvolutionBackwardData(c.handle, &c.alpha, c.w, w_memory, c.y, y_memory, c.convolution,
                                      CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, workspace, bytes, &c.beta, c.x, dx_memory));
  c.expect(result, x, dx_memory);

  result.resize(w_count);
  revup_reference_convolution_wgrad(&geometry, widened(x).data(), widened(y).data(), result.data());
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnConvolutionBackwardFilter(c.handle, &c.alpha, c.x, x_memory, c.y, y_memory,
                                                              c.convolution, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1,
                                                              workspace, bytes, &c.beta, c.w, dw_memory));
  c.expect(result, w, dw_memory);
}

constexpr revup_convolution_geometry plain{2, REVUP_FLOAT32, 2,      3,      4,     1, REVUP_TRAINING,
                                           0, {5, 7},        {3, 3}, {1, 1}, {1, 1}};
constexpr revup_convolution_geometry strided{2, REVUP_FLOAT32, 1,      4,      6,     2, REVUP_TRAINING,
                                             0, {9, 8},        {3, 1}, {2, 3}, {1, 0}};
constexpr revup_convolution_geometry volume{3, REVUP_FLOAT32, 2,         2,         3,        1, REVUP_TRAINING,
                                            0, {4, 5, 3},     {3, 1, 3}, {1, 2, 1}, {1, 0, 1}};
constexpr revup_convolution_geometry bfloat16{2, REVUP_BFLOAT16, 2,      8,      8,     4, REVUP_TRAINING,
                                              0, {5, 5},         {3, 3}, {1, 1}, {1, 1}};
constexpr revup_convolution_geometry bfloat16_volume{
    3, REVUP_BFLOAT16, 1, 3, 5, 1, REVUP_TRAINING, 0, {4, 4, 4}, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}};

// A beta of zero leaves what is in y unread: fresh memory is NaN.
void a_zero_beta_reads_nothing() {
  const Convolution c(plain);
  void *const x = c.put(small_numbers(product(c.x_extents), 1)), *const w =
                                                                     c.put(small_numbers(product(c.w_extents), 2));
  void *const y = reinterpret_cast<void *>(c.allocate(product(c.y_extents) * 4));
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnConvolutionForward(c.handle, &c.one, c.x, x, c.w, w, c.convolution,
                                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &c.zero, c.y, y));
  for (const float value : c.get(y, product(c.y_extents))) EXPECT(false, std::isnan(value));
}

void algorithms_are_listed_with_their_determinism() {
  const Convolution c(plain);
  cudnnConvolutionBwdFilterAlgoPerf_t results[8];
  int returned = 0;
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnGetConvolutionBackwardFilterAlgorithm_v7(c.handle, c.x, c.y, c.convolution, c.w, 8, &returned, results));
  EXPECT(3, returned);
  EXPECT(CUDNN_NON_DETERMINISTIC, results[0].determinism);
  EXPECT(CUDNN_DETERMINISTIC, results[1].determinism);
  EXPECT(CUDNN_STATUS_NOT_SUPPORTED, results[2].status);
  size_t bytes = 0;
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnGetConvolutionBackwardFilterWorkspaceSize(c.handle, c.x, c.y, c.convolution, c.w,
                                                                              results[1].algo, &bytes));
  EXPECT(results[1].memory, bytes);
  EXPECT(CUDNN_STATUS_NOT_SUPPORTED, cudnnGetConvolutionBackwardFilterWorkspaceSize(c.handle, c.x, c.y, c.convolution,
                                                                                    c.w, results[2].algo, &bytes));
}

void descriptors_must_agree() {
  const Convolution c(plain);
  size_t bytes = 0;
  const auto status = [&] {
    return cudnnGetConvolutionForwardWorkspaceSize(c.handle, c.x, c.w, c.convolution, c.y,
                                                   CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, &bytes);
  };
  EXPECT(CUDNN_STATUS_SUCCESS, status());
  EXPECT(CUDNN_STATUS_SUCCESS, c.set(c.y, {2, 4, 5, 6}));
  EXPECT(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, status());
  EXPECT(CUDNN_STATUS_SUCCESS, c.set(c.y, {3, 4, 5, 7}));
  EXPECT(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, status());
  EXPECT(CUDNN_STATUS_SUCCESS, c.set(c.y, {2, 4, 5, 7}));
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnSetConvolutionGroupCount(c.convolution, 2));
  EXPECT(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, status());
  EXPECT(CUDNN_STATUS_BAD_PARAM, cudnnSetConvolutionGroupCount(c.convolution, 0));
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnSetConvolutionGroupCount(c.convolution, 1));
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnSetFilterNdDescriptor(c.w, CUDNN_DATA_BFLOAT16, CUDNN_TENSOR_NHWC, 4, c.w_extents.data()));
  EXPECT(CUDNN_STATUS_NOT_SUPPORTED, status());
  EXPECT(CUDNN_STATUS_NOT_SUPPORTED,
         cudnnSetFilterNdDescriptor(c.w, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, 4, c.w_extents.data()));
  const int extents[] = {2, 3, 5, 7}, channels_first[] = {105, 35, 7, 1};
  EXPECT(CUDNN_STATUS_NOT_SUPPORTED, cudnnSetTensorNdDescriptor(c.x, CUDNN_DATA_FLOAT, 4, extents, channels_first));
}

void freed_descriptors_are_refused() {
  const Convolution c(plain);
  cudnnTensorDescriptor_t extra = nullptr;
  size_t bytes = 0;
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnCreateTensorDescriptor(&extra));
  EXPECT(CUDNN_STATUS_BAD_PARAM,
         cudnnGetConvolutionForwardWorkspaceSize(c.handle, extra, c.w, c.convolution, c.y,
                                                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, &bytes));
  EXPECT(CUDNN_STATUS_SUCCESS, c.set(extra, c.x_extents));
  EXPECT(CUDNN_STATUS_SUCCESS, cudnnDestroyTensorDescriptor(extra));
  EXPECT(CUDNN_STATUS_BAD_PARAM, cudnnDestroyTensorDescriptor(extra));
  EXPECT(CUDNN_STATUS_BAD_PARAM, c.set(extra, c.x_extents));
  EXPECT(CUDNN_STATUS_BAD_PARAM,
         cudnnGetConvolutionForwardWorkspaceSize(c.handle, extra, c.w, c.convolution, c.y,
                                                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, &bytes));
  EXPECT(CUDNN_STATUS_BAD_PARAM, cudnnSetStream(c.handle, reinterpret_cast<CUstream>(c.handle)));
}

void memory_is_checked() {
  const Convolution c(plain);
  void *const x = c.put(small_numbers(product(c.x_extents), 1)), *const w =
                                                                     c.put(small_numbers(product(c.w_extents), 2));
  char *const y = reinterpret_cast<char *>(c.allocate(product(c.y_extents) * 4 + 16));
  char *const workspace = reinterpret_cast<char *>(c.allocate(4096));
  const auto run = [&](void *x_memory, void *y_memory, void *workspace_memory, size_t bytes) {
    return cudnnConvolutionForward(c.handle, &c.one, c.x, x_memory, c.w, w, c.convolution,
                                   CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, workspace_memory, bytes, &c.zero,
                                   c.y, y_memory);
  };
  EXPECT(CUDNN_STATUS_SUCCESS, run(x, y, workspace, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, run(nullptr, y, workspace, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, run(x, y + 4, workspace, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM, run(x, y + 32, workspace, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM, run(x, x, workspace, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, run(x, y, nullptr, 4096));
  EXPECT(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, run(x, y, workspace, 16));
  EXPECT(CUDNN_STATUS_BAD_PARAM, run(x, y, y, 4096));
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(reinterpret_cast<CUdeviceptr>(x)));
  EXPECT(CUDNN_STATUS_BAD_PARAM, run(x, y, workspace, 4096));
}

void a_captured_convolution_is_replayed() {
  const Convolution c(plain);
  void *const x = c.put(small_numbers(product(c.x_extents), 1)), *const w =
                                                                     c.put(small_numbers(product(c.w_extents), 2));
  void *const y = reinterpret_cast<void *>(c.allocate(product(c.y_extents) * 4));
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  EXPECT(CUDA_SUCCESS, cuStreamBeginCapture_v2(c.stream_of_device(), CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT(CUDNN_STATUS_SUCCESS,
         cudnnConvolutionForward(c.handle, &c.one, c.x, x, c.w, w, c.convolution,
                                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, &c.zero, c.y, y));
  EXPECT(CUDA_SUCCESS, cuStreamEndCapture(c.stream_of_device(), &graph));
  EXPECT(true, std::isnan(c.get(y, 1)[0]));
  EXPECT(CUDA_SUCCESS, cuGraphInstantiateWithFlags(&executable, graph, 0));
  EXPECT(CUDA_SUCCESS, cuGraphLaunch(executable, c.stream_of_device()));
  EXPECT(false, std::isnan(c.get(y, 1)[0]));
}

}  // namespace

void add_convolution_tests(Suite &suite) {
  suite.add("convolution: 2-D matches the oracle", [] { matches_the_oracle(plain); });
  suite.add("convolution: strides and groups match the oracle", [] { matches_the_oracle(strided); });
  suite.add("convolution: 3-D matches the oracle", [] { matches_the_oracle(volume); });
  suite.add("convolution: bfloat16 with groups matches the oracle", [] { matches_the_oracle(bfloat16); });
  suite.add("convolution: 3-D bfloat16 matches the oracle", [] { matches_the_oracle(bfloat16_volume); });
  suite.add("convolution: a zero beta reads nothing", a_zero_beta_reads_nothing);
  suite.add("convolution: algorithms are listed with their determinism", algorithms_are_listed_with_their_determinism);
  suite.add("convolution: descriptors must agree", descriptors_must_agree);
  suite.add("convolution: freed descriptors are refused", freed_descriptors_are_refused);
  suite.add("convolution: memory is checked", memory_is_checked);
  suite.add("convolution: a captured one is replayed", a_captured_convolution_is_replayed);
}

}  // namespace tests
