// cuBLAS as far as the provider on ManagedCuda calls it: like the real one, it passes products on to cuBLASLt.
#include "../include/cublas.h"

#include "../include/handles.h"
#include "../include/stand_in.h"

namespace {

struct Context {
  cublasLtHandle_t lt = nullptr;
  CUstream stream = nullptr;
};

cuda_on_cpu::HandleTable<cublasHandle_t, Context> contexts;

cublasStatus_t refuse(cublasStatus_t status, const char *reason) {
  cuda_on_cpu::report(reason);
  return status;
}

cublasStatus_t dead_handle() { return refuse(CUBLAS_STATUS_NOT_INITIALIZED, "the cuBLAS handle is not alive"); }

// A description of cuBLASLt that goes when the product was issued.
template <typename Description, cublasStatus_t (*destroy)(Description)>
struct Owned {
  Description value = nullptr;
  ~Owned() {
    if (value != nullptr) destroy(value);
  }
};
using Layout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

cublasStatus_t lay_out(Layout &layout, cublasOperation_t operation, int rows, int columns, int leading) {
  const int stored_rows = operation == CUBLAS_OP_N ? rows : columns;
  if (leading < stored_rows) return refuse(CUBLAS_STATUS_INVALID_VALUE, "a leading dimension is less than the rows");
  return cublasLtMatrixLayoutCreate(&layout.value, CUDA_R_32F, stored_rows, operation == CUBLAS_OP_N ? columns : rows,
                                    leading);
}

}  // namespace

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle) {
  if (handle == nullptr) return refuse(CUBLAS_STATUS_INVALID_VALUE, "there is no room for a handle");
  auto context = std::make_shared<Context>();
  const cublasStatus_t status = cublasLtCreate(&context->lt);
  if (status == CUBLAS_STATUS_SUCCESS) *handle = contexts.add(std::move(context));
  return status;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  const auto context = contexts.remove(handle);
  return context == nullptr ? dead_handle() : cublasLtDestroy(context->lt);
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, CUstream stream) {
  const auto context = contexts.find(handle);
  if (context == nullptr) return dead_handle();
  if (cuda_on_cpu::check_stream(stream) != CUDA_SUCCESS) {
    return refuse(CUBLAS_STATUS_INVALID_VALUE, "the stream is not alive");
  }
  context->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace, size_t bytes) {
  if (contexts.find(handle) == nullptr) return dead_handle();
  if (cuda_on_cpu::check_device_range(workspace, bytes, 256) == CUDA_SUCCESS) return CUBLAS_STATUS_SUCCESS;
  return refuse(CUBLAS_STATUS_INVALID_VALUE,
                "the workspace is not within one living device allocation, or not aligned to 256 bytes");
}

cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b,
                              int m, int n, int k, const float *alpha, const float *a, int leading_a, const float *b,
                              int leading_b, const float *beta, float *c, int leading_c) {
  const auto context = contexts.find(handle);
  if (context == nullptr) return dead_handle();
  Layout a_layout, b_layout, c_layout;
  Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> product;
  RETURN_IF_FAILED(lay_out(a_layout, transpose_a, m, k, leading_a));
  RETURN_IF_FAILED(lay_out(b_layout, transpose_b, k, n, leading_b));
  RETURN_IF_FAILED(lay_out(c_layout, CUBLAS_OP_N, m, n, leading_c));
  RETURN_IF_FAILED(cublasLtMatmulDescCreate(&product.value, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  RETURN_IF_FAILED(
      cublasLtMatmulDescSetAttribute(product.value, CUBLASLT_MATMUL_DESC_TRANSA, &transpose_a, sizeof transpose_a));
  RETURN_IF_FAILED(
      cublasLtMatmulDescSetAttribute(product.value, CUBLASLT_MATMUL_DESC_TRANSB, &transpose_b, sizeof transpose_b));
  return cublasLtMatmul(context->lt, product.value, alpha, a, a_layout.value, b, b_layout.value, beta, c,
                        c_layout.value, c, c_layout.value, nullptr, nullptr, 0, context->stream);
}
