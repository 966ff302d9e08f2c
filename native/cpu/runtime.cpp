// Version, threads, processor and the last error.
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "status.h"

namespace revup {
namespace {

constexpr int32_t kMaxThreads = 1024;

// OpenMP's own default (OMP_NUM_THREADS, else the processors this process may use) until somebody chooses.
std::atomic<int32_t> &configured_threads() {
  static std::atomic<int32_t> threads{std::clamp(omp_get_max_threads(), 1, kMaxThreads)};
  return threads;
}

bool has_isa(dnnl_cpu_isa_t isa) { return (dnnl_get_effective_cpu_isa() & isa) == isa; }

const char *isa_name() {
  if (has_isa(dnnl_cpu_isa_avx512_core_amx)) return "AVX-512 AMX";
  if (has_isa(dnnl_cpu_isa_avx512_core_bf16)) return "AVX-512 BF16";
  if (has_isa(dnnl_cpu_isa_avx512_core_vnni)) return "AVX-512 VNNI";
  if (has_isa(dnnl_cpu_isa_avx512_core)) return "AVX-512";
  if (has_isa(dnnl_cpu_isa_avx2)) return "AVX2";
  return "SSE4.1 or AVX";
}

}  // namespace

void use_configured_threads() noexcept { omp_set_num_threads(configured_threads().load(std::memory_order_relaxed)); }

}  // namespace revup

using namespace revup;

int32_t revup_abi_version(void) { return REVUP_ABI_VERSION; }

const char *revup_last_error(void) { return last_error(); }

revup_status revup_describe(char *text, int64_t capacity) {
  return guarded([&] {
    require_aligned(text, "text", 1);
    if (capacity < 1) {
      fail("capacity is " + std::to_string(capacity) + "; it must be at least 1, for the terminating zero");
    }
    const dnnl_version_t *version = dnnl_version();
    const int32_t threads = configured_threads();
    std::snprintf(text, static_cast<size_t>(capacity), "%s, oneDNN %d.%d.%d, %d %s", isa_name(), version->major,
                  version->minor, version->patch, threads, threads == 1 ? "thread" : "threads");
  });
}

revup_status revup_set_threads(int32_t threads) {
  return guarded([&] {
    if (threads < 1 || threads > kMaxThreads) {
      fail("threads is " + std::to_string(threads) + "; it must be between 1 and " + std::to_string(kMaxThreads));
    }
    configured_threads() = threads;
  });
}

revup_status revup_get_threads(int32_t *threads) {
  return guarded([&] {
    require_scalar(threads, "threads");
    *threads = configured_threads();
  });
}

revup_status revup_supports(revup_type type, int32_t *supported) {
  return guarded([&] {
    require_type(type, "type");
    require_scalar(supported, "supported");
    // Below AVX-512 oneDNN has no bfloat16 convolution of its own; it either refuses or falls back to naive loops.
    *supported = type == REVUP_FLOAT32 || has_isa(dnnl_cpu_isa_avx512_core) ? 1 : 0;
  });
}
