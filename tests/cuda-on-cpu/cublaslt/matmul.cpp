// The choice of an algorithm, and the product by three loops in float64.
#include <algorithm>
#include <cstring>

#include "descriptors.h"

using namespace cublaslt_on_cpu;

namespace {

constexpr uint64_t wished_workspace = 4096;

struct Operand {
  const void *memory;
  Layout layout;
};

struct Multiplication {
  Problem problem;
  float alpha, beta;
  const float *a, *b, *c;
  float *d;
  void *workspace;
  size_t workspace_bytes;

  // Every access of the product is within these ranges; C counts only if it is read.
  CUresult check(const uint32_t *alignment) const {
    const Operand operands[] = {{a, problem.a}, {b, problem.b}, {beta == 0 ? d : c, problem.d}, {d, problem.d}};
    for (int i = 0; i < 4; ++i) {
      RETURN_IF_FAILED(cuda_on_cpu::check_device_range(operands[i].memory, operands[i].layout.bytes(), alignment[i]));
    }
    return cuda_on_cpu::check_device_range(workspace, workspace_bytes, 16);
  }

  void run() const {
    if (workspace_bytes > 0) std::memset(workspace, 0xff, workspace_bytes);
    const uint64_t a_row = problem.product.transpose_a ? static_cast<uint64_t>(problem.a.leading) : 1;
    const uint64_t a_step = problem.product.transpose_a ? 1 : static_cast<uint64_t>(problem.a.leading);
    const uint64_t b_column = problem.product.transpose_b ? 1 : static_cast<uint64_t>(problem.b.leading);
    const uint64_t b_step = problem.product.transpose_b ? static_cast<uint64_t>(problem.b.leading) : 1;
    for (uint64_t column = 0; column < problem.d.columns; ++column) {
      for (uint64_t row = 0; row < problem.d.rows; ++row) {
        double sum = 0;
        for (uint64_t i = 0; i < problem.k(); ++i) {
          sum +=
              static_cast<double>(a[row * a_row + i * a_step]) * static_cast<double>(b[i * b_step + column * b_column]);
        }
        double value = static_cast<double>(alpha) * sum;
        if (beta != 0) {
          value += static_cast<double>(beta) *
                   static_cast<double>(c[row + column * static_cast<uint64_t>(problem.c.leading)]);
        }
        d[row + column * static_cast<uint64_t>(problem.d.leading)] = static_cast<float>(value);
      }
    }
  }
};

}  // namespace

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference_handle, int requested,
                                              cublasLtMatmulHeuristicResult_t *results, int *returned) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, descriptor, a, b, c, d, problem));
  const auto preference = preferences.find(preference_handle);
  if (preference == nullptr || requested < 1 || results == nullptr || returned == nullptr) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "no preference, or no room for a result");
  }
  Algorithm algorithm{algorithm_mark,
                      problem.d.rows,
                      problem.d.columns,
                      problem.k(),
                      std::min(preference->max_workspace, wished_workspace),
                      {}};
  std::copy(std::begin(preference->alignment), std::end(preference->alignment), algorithm.alignment);
  *results = {};
  static_assert(sizeof algorithm <= sizeof results->algo);
  std::memcpy(&results->algo, &algorithm, sizeof algorithm);
  results->workspaceSize = algorithm.workspace;
  results->state = CUBLAS_STATUS_SUCCESS;
  results->wavesCount = 1;
  *returned = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t a_layout, const void *b,
                              cublasLtMatrixLayout_t b_layout, const void *beta, const void *c,
                              cublasLtMatrixLayout_t c_layout, void *d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t *chosen, void *workspace, size_t workspace_bytes,
                              CUstream stream) {
  Problem problem;
  RETURN_IF_FAILED(describe(handle, descriptor, a_layout, b_layout, c_layout, d_layout, problem));
  if (alpha == nullptr || beta == nullptr || a == nullptr || b == nullptr || d == nullptr) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "a pointer of the product is null");
  }
  Algorithm algorithm{algorithm_mark, problem.d.rows, problem.d.columns, problem.k(), 0, {4, 4, 4, 4}};
  if (chosen != nullptr) std::memcpy(&algorithm, chosen, sizeof algorithm);
  if (algorithm.mark != algorithm_mark || algorithm.m != problem.d.rows || algorithm.n != problem.d.columns ||
      algorithm.k != problem.k()) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "the algorithm was chosen for another product");
  }
  if (workspace_bytes < algorithm.workspace) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "the workspace is smaller than the algorithm needs");
  }
  const Multiplication product{problem,
                               *static_cast<const float *>(alpha),
                               *static_cast<const float *>(beta),
                               static_cast<const float *>(a),
                               static_cast<const float *>(b),
                               static_cast<const float *>(c),
                               static_cast<float *>(d),
                               workspace,
                               algorithm.workspace};
  if (product.c == product.d && problem.c != problem.d) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "C is D, but their layouts differ");
  }
  if (product.check(algorithm.alignment) != CUDA_SUCCESS) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE,
                  "a matrix or the workspace is not within one living device allocation, or less aligned than the "
                  "preference promised (256 bytes unless it was set)");
  }
  if (cuda_on_cpu::check_context() != CUDA_SUCCESS || cuda_on_cpu::check_stream(stream) != CUDA_SUCCESS) {
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  const CUresult submitted = cuda_on_cpu::submit(stream, [product, algorithm] {
    const CUresult valid = product.check(algorithm.alignment);
    if (valid == CUDA_SUCCESS) product.run();
    return valid;
  });
  return submitted == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
