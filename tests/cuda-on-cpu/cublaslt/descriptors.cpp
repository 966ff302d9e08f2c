#include "descriptors.h"

#include <algorithm>
#include <cstring>

using namespace cublaslt_on_cpu;

namespace cublaslt_on_cpu {
namespace {

template <typename Table, typename Handle>
cublasStatus_t destroy(Table &table, Handle handle) {
  if (table.remove(handle) != nullptr) return CUBLAS_STATUS_SUCCESS;
  return refuse(CUBLAS_STATUS_INVALID_VALUE, "what is destroyed was not created, or was destroyed before");
}

template <typename T>
bool read_attribute(const void *value, size_t bytes, T &to) {
  if (value == nullptr || bytes != sizeof(T)) return false;
  std::memcpy(&to, value, sizeof(T));
  return true;
}

}  // namespace

cuda_on_cpu::HandleTable<cublasLtHandle_t, Handle> handles;
cuda_on_cpu::HandleTable<cublasLtMatmulDesc_t, Product> products;
cuda_on_cpu::HandleTable<cublasLtMatrixLayout_t, Layout> layouts;
cuda_on_cpu::HandleTable<cublasLtMatmulPreference_t, Preference> preferences;

cublasStatus_t refuse(cublasStatus_t status, const char *reason) {
  cuda_on_cpu::report(reason);
  return status;
}

cublasStatus_t describe(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor, cublasLtMatrixLayout_t a,
                        cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                        Problem &problem) {
  if (handles.find(handle) == nullptr) {
    return refuse(CUBLAS_STATUS_NOT_INITIALIZED, "the cuBLASLt handle is not alive");
  }
  const auto product = products.find(descriptor);
  const auto a_layout = layouts.find(a), b_layout = layouts.find(b), c_layout = layouts.find(c),
             d_layout = layouts.find(d);
  if (product == nullptr || a_layout == nullptr || b_layout == nullptr || c_layout == nullptr || d_layout == nullptr) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "a descriptor is null, of another kind, or was destroyed");
  }
  problem = {*product, *a_layout, *b_layout, *c_layout, *d_layout};
  const uint64_t m = product->transpose_a ? a_layout->columns : a_layout->rows;
  const uint64_t n = product->transpose_b ? b_layout->rows : b_layout->columns;
  const uint64_t b_k = product->transpose_b ? b_layout->columns : b_layout->rows;
  if (problem.k() != b_k || d_layout->rows != m || d_layout->columns != n || c_layout->rows != m ||
      c_layout->columns != n) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "op(A) is not m x k, op(B) not k x n, or C and D not m x n");
  }
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace cublaslt_on_cpu

size_t cublasLtGetVersion() { return 120400; }

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (cuda_on_cpu::check_context() != CUDA_SUCCESS) {
    return refuse(CUBLAS_STATUS_NOT_INITIALIZED, "cublasLtCreate needs a current context");
  }
  *handle = handles.add(std::make_shared<Handle>());
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return destroy(handles, handle); }
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t descriptor) { return destroy(products, descriptor); }
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) { return destroy(layouts, layout); }
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preferences, preference);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *descriptor, cublasComputeType_t compute,
                                        cudaDataType_t scale_type) {
  if (descriptor == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const bool is_float32 = compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC ||
                          compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  if (!is_float32 || scale_type != CUDA_R_32F) {
    return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in multiplies in float32 with float32 scales only");
  }
  *descriptor = products.add(std::make_shared<Product>());
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t descriptor, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes) {
  const auto product = products.find(descriptor);
  int32_t operation;
  if (product == nullptr || !read_attribute(value, bytes, operation)) return CUBLAS_STATUS_INVALID_VALUE;
  if (operation != CUBLAS_OP_N && operation != CUBLAS_OP_T) return CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      product->transpose_a = operation == CUBLAS_OP_T;
      return CUBLAS_STATUS_SUCCESS;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      product->transpose_b = operation == CUBLAS_OP_T;
      return CUBLAS_STATUS_SUCCESS;
  }
  return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in knows the attributes TRANSA and TRANSB only");
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType_t type, uint64_t rows,
                                          uint64_t columns, int64_t leading_dimension) {
  if (layout == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (type != CUDA_R_32F) return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in has float32 matrices only");
  if (rows == 0 || columns == 0 || leading_dimension < 0 || static_cast<uint64_t>(leading_dimension) < rows) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "an empty matrix, or a leading dimension below the number of rows");
  }
  *layout = layouts.add(std::make_shared<Layout>(Layout{rows, columns, leading_dimension}));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
  if (preference == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *preference = preferences.add(std::make_shared<Preference>());
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t bytes) {
  const auto preference = preferences.find(handle);
  if (preference == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  uint32_t number;
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return read_attribute(value, bytes, preference->max_workspace) ? CUBLAS_STATUS_SUCCESS
                                                                     : CUBLAS_STATUS_INVALID_VALUE;
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return read_attribute(value, bytes, number) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      if (!read_attribute(value, bytes, number) || number == 0) return CUBLAS_STATUS_INVALID_VALUE;
      preference->alignment[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES] = number;
      return CUBLAS_STATUS_SUCCESS;
  }
  return refuse(CUBLAS_STATUS_NOT_SUPPORTED, "the stand-in does not know this preference");
}
