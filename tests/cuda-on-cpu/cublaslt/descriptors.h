// Handles and descriptors of matrix products, and the shape that they must agree on.
#pragma once

#include "../include/cublaslt.h"
#include "../include/handles.h"
#include "../include/stand_in.h"

namespace cublaslt_on_cpu {

struct Handle {};

struct Product {
  bool transpose_a = false, transpose_b = false;
};

// Column-major: element (i, j) is at i + j * leading.
struct Layout {
  uint64_t rows, columns;
  int64_t leading;
  size_t bytes() const { return ((columns - 1) * static_cast<uint64_t>(leading) + rows) * sizeof(float); }
  bool operator==(const Layout &) const = default;
};

struct Preference {
  uint64_t max_workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256};  // that algorithms may rely on, of A, B, C and D
};

extern cuda_on_cpu::HandleTable<cublasLtHandle_t, Handle> handles;
extern cuda_on_cpu::HandleTable<cublasLtMatmulDesc_t, Product> products;
extern cuda_on_cpu::HandleTable<cublasLtMatrixLayout_t, Layout> layouts;
extern cuda_on_cpu::HandleTable<cublasLtMatmulPreference_t, Preference> preferences;

// Says on the standard error what a status leaves open, and returns the status.
cublasStatus_t refuse(cublasStatus_t status, const char *reason);

// D = alpha * op(A) * op(B) + beta * C: m x n from m x k and k x n.
struct Problem {
  Product product;
  Layout a, b, c, d;
  uint64_t k() const { return product.transpose_a ? a.rows : a.columns; }
};

cublasStatus_t describe(cublasLtHandle_t handle, cublasLtMatmulDesc_t descriptor, cublasLtMatrixLayout_t a,
                        cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, Problem &problem);

// Content of the opaque 64 bytes of an algorithm.
struct Algorithm {
  uint64_t mark, m, n, k, workspace;
  uint32_t alignment[4];
};
constexpr uint64_t algorithm_mark = 0x7265767570616c67;

}  // namespace cublaslt_on_cpu
