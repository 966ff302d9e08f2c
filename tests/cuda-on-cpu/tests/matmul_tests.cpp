// The stand-in libcublasLt: products against a plain loop over row-major copies, and what it refuses.
#include <cmath>

#include "../include/cublaslt.h"
#include "device.h"

namespace tests {
namespace {

constexpr uint64_t m = 5, n = 3, k = 7;

// D = op(A) * op(B) with leading dimensions larger than needed by `gap`.
struct Product : Device {
  Product(bool transpose_a, bool transpose_b, uint64_t gap)
      : a_rows(transpose_a ? k : m),
        b_rows(transpose_b ? n : k),
        a_leading(a_rows + gap),
        b_leading(b_rows + gap),
        d_leading(m + gap) {
    const int32_t operation_a = transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    const int32_t operation_b = transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    const uint32_t alignment = 16;
    EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtCreate(&handle));
    EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtMatmulDescCreate(&descriptor, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    EXPECT(CUBLAS_STATUS_SUCCESS,
           cublasLtMatmulDescSetAttribute(descriptor, CUBLASLT_MATMUL_DESC_TRANSA, &operation_a, 4));
    EXPECT(CUBLAS_STATUS_SUCCESS,
           cublasLtMatmulDescSetAttribute(descriptor, CUBLASLT_MATMUL_DESC_TRANSB, &operation_b, 4));
    create(a_layout, a_rows, transpose_a ? m : k, a_leading);
    create(b_layout, b_rows, transpose_b ? k : n, b_leading);
    create(d_layout, m, n, d_leading);
    EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtMatmulPreferenceCreate(&preference));
    for (int operand = 0; operand < 4; ++operand) {
      const auto attribute =
          static_cast<cublasLtMatmulPreferenceAttributes_t>(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + operand);
      EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtMatmulPreferenceSetAttribute(preference, attribute, &alignment, 4));
    }
    a.resize(a_leading * (transpose_a ? m : k));
    b.resize(b_leading * (transpose_b ? k : n));
    for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 11) - 5;
    for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 7) - 3;
    a_memory = upload(a);
    b_memory = upload(b);
    d_memory = upload(std::vector<float>(d_leading * n, 1.0f));
  }
  ~Product() {
    cublasLtMatmulPreferenceDestroy(preference);
    for (const cublasLtMatrixLayout_t layout : {a_layout, b_layout, d_layout}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(descriptor);
    cublasLtDestroy(handle);
  }

  static void create(cublasLtMatrixLayout_t &layout, uint64_t rows, uint64_t columns, uint64_t leading) {
    EXPECT(CUBLAS_STATUS_SUCCESS,
           cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, rows, columns, static_cast<int64_t>(leading)));
  }

  cublasLtMatmulHeuristicResult_t choose() const {
    cublasLtMatmulHeuristicResult_t result;
    int returned = 0;
    EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtMatmulAlgoGetHeuristic(handle, descriptor, a_layout, b_layout, d_layout,
                                                                 d_layout, preference, 1, &result, &returned));
    EXPECT(1, returned);
    return result;
  }

  cublasStatus_t multiply(const cublasLtMatmulAlgo_t *algorithm, CUdeviceptr d, CUdeviceptr workspace = 0,
                          size_t workspace_bytes = 0, float beta = 2) const {
    const float alpha = 3;
    const auto pointer = [](CUdeviceptr address) { return reinterpret_cast<void *>(address); };
    return cublasLtMatmul(handle, descriptor, &alpha, pointer(a_memory), a_layout, pointer(b_memory), b_layout, &beta,
                          pointer(d), d_layout, pointer(d), d_layout, algorithm, pointer(workspace), workspace_bytes,
                          stream);
  }

  uint64_t a_rows, b_rows, a_leading, b_leading, d_leading;
  cublasLtHandle_t handle = nullptr;
  cublasLtMatmulDesc_t descriptor = nullptr;
  cublasLtMatrixLayout_t a_layout = nullptr, b_layout = nullptr, d_layout = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  std::vector<float> a, b;
  CUdeviceptr a_memory = 0, b_memory = 0, d_memory = 0;
};

void products_match_a_loop() {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const uint64_t gap : {0, 4}) {
        const Product p(transpose_a, transpose_b, gap);
        const auto chosen = p.choose();
        EXPECT(CUBLAS_STATUS_SUCCESS, p.multiply(&chosen.algo, p.d_memory));
        const auto d = p.download<float>(p.d_memory, p.d_leading * n);
        for (uint64_t row = 0; row < p.d_leading; ++row) {
          for (uint64_t column = 0; column < n; ++column) {
            float expected = row < m ? 2 : 1;  // between the columns nothing is touched
            for (uint64_t i = 0; row < m && i < k; ++i) {
              expected += 3 * (transpose_a ? p.a[i + row * p.a_leading] : p.a[row + i * p.a_leading]) *
                          (transpose_b ? p.b[column + i * p.b_leading] : p.b[i + column * p.b_leading]);
            }
            EXPECT(expected, d[row + column * p.d_leading]);
          }
        }
      }
    }
  }
}

void a_zero_beta_reads_nothing() {
  const Product p(false, false, 0);
  const CUdeviceptr fresh = p.allocate(m * n * 4);
  EXPECT(CUBLAS_STATUS_SUCCESS, p.multiply(nullptr, fresh, 0, 0, 0));
  for (const float value : p.download<float>(fresh, m * n)) EXPECT(false, std::isnan(value));
}

void layouts_must_agree() {
  Product p(false, false, 0);
  cublasLtMatrixLayout_t other = nullptr;
  cublasLtMatmulHeuristicResult_t result;
  int returned = 0;
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, cublasLtMatrixLayoutCreate(&other, CUDA_R_32F, 8, 2, 7));
  EXPECT(CUBLAS_STATUS_NOT_SUPPORTED, cublasLtMatrixLayoutCreate(&other, static_cast<cudaDataType_t>(14), 8, 2, 8));
  Product::create(other, k + 1, n, k + 1);
  EXPECT(CUBLAS_STATUS_INVALID_VALUE,
         cublasLtMatmulAlgoGetHeuristic(p.handle, p.descriptor, p.a_layout, other, p.d_layout, p.d_layout, p.preference,
                                        1, &result, &returned));
  EXPECT(CUBLAS_STATUS_SUCCESS, cublasLtMatrixLayoutDestroy(other));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, cublasLtMatrixLayoutDestroy(other));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE,
         cublasLtMatmulAlgoGetHeuristic(p.handle, p.descriptor, p.a_layout, other, p.d_layout, p.d_layout, p.preference,
                                        1, &result, &returned));
}

void memory_is_checked() {
  const Product p(false, false, 0);
  const auto chosen = p.choose();
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&chosen.algo, 0));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&chosen.algo, p.d_memory + 16));
  const CUdeviceptr larger = p.allocate(m * n * 4 + 64);
  EXPECT(CUBLAS_STATUS_SUCCESS, p.multiply(&chosen.algo, larger + 16));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&chosen.algo, larger + 4));
  EXPECT(CUDA_SUCCESS, cuMemFree_v2(larger));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&chosen.algo, larger));
}

void algorithms_belong_to_their_product() {
  const Product p(false, false, 0);
  const uint64_t allowed = 1 << 20;
  EXPECT(CUBLAS_STATUS_SUCCESS,
         cublasLtMatmulPreferenceSetAttribute(p.preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &allowed, 8));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE,
         cublasLtMatmulPreferenceSetAttribute(p.preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &allowed, 4));
  const auto chosen = p.choose();
  EXPECT(true, chosen.workspaceSize > 0 && chosen.workspaceSize <= allowed);
  const CUdeviceptr workspace = p.allocate(chosen.workspaceSize);
  EXPECT(CUBLAS_STATUS_SUCCESS, p.multiply(&chosen.algo, p.d_memory, workspace, chosen.workspaceSize));
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&chosen.algo, p.d_memory, workspace, chosen.workspaceSize - 1));
  cublasLtMatmulAlgo_t other = chosen.algo;
  other.data[1] += 1;
  EXPECT(CUBLAS_STATUS_INVALID_VALUE, p.multiply(&other, p.d_memory, workspace, chosen.workspaceSize));
}

}  // namespace

void add_matmul_tests(Suite &suite) {
  suite.add("matmul: products match a loop", products_match_a_loop);
  suite.add("matmul: a zero beta reads nothing", a_zero_beta_reads_nothing);
  suite.add("matmul: layouts must agree", layouts_must_agree);
  suite.add("matmul: memory is checked", memory_is_checked);
  suite.add("matmul: algorithms belong to their product", algorithms_belong_to_their_product);
}

}  // namespace tests
