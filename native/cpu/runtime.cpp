// Version, threads, processor and the last error.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dispatch/table.h"
#include "onednn.h"

namespace revup {
namespace {

constexpr int32_t kMaxThreads = 1024;

// Of the calling thread. OpenMP's own default (OMP_NUM_THREADS, else the processors this process may use) until the
// thread chooses.
int32_t &configured_threads() {
  static const int32_t initial = std::clamp(omp_get_max_threads(), 1, kMaxThreads);
  thread_local int32_t threads = initial;
  return threads;
}

struct Isa {
  dnnl_cpu_isa_t flags;
  const char *title;
  const char *name;  // as a value of REVUP_MAX_ISA
};

constexpr Isa kIsas[] = {
    {dnnl_cpu_isa_avx512_core_amx, "AVX-512 AMX", "amx"},
    {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 BF16", "avx512_bf16"},
    {dnnl_cpu_isa_avx512_core_vnni, "AVX-512 VNNI", "avx512_vnni"},
    {dnnl_cpu_isa_avx512_core, "AVX-512", "avx512"},
    {dnnl_cpu_isa_avx2, "AVX2", "avx2"},
};

// The value of REVUP_MAX_ISA; "" where it is not set.
std::string isa_limit() {
  const char *value = std::getenv("REVUP_MAX_ISA");
  return value == nullptr ? "" : value;
}

// Why REVUP_MAX_ISA cannot be followed; "" where it is, or is not set.
std::string limit_isa() {
  const std::string wanted = isa_limit();
  if (wanted.empty()) return "";
  std::string names;
  for (const Isa &isa : kIsas) {
    if (isa.name == wanted) {
      if (dnnl_set_max_cpu_isa(isa.flags) == dnnl_success) return "";
      return "REVUP_MAX_ISA is '" + wanted +
             "', which oneDNN does not take: this process used it before, or it was "
             "built without ONEDNN_ENABLE_MAX_CPU_ISA; unset the variable";
    }
    names += (names.empty() ? "" : ", ") + std::string(isa.name);
  }
  return "REVUP_MAX_ISA is '" + wanted + "'; use one of " + names + ", or unset it";
}

// Instructions that this processor has and REVUP_MAX_ISA allows. Asking oneDNN fixes its limit: never ask before
// limit_isa().
std::string isa_title() {
  const auto *isa =
      std::find_if(std::begin(kIsas), std::end(kIsas), [](const Isa &each) { return onednn::has_isa(each.flags); });
  const std::string title = isa == std::end(kIsas) ? "SSE4.1 or AVX" : isa->title;
  return isa_limit().empty() ? title : title + " (REVUP_MAX_ISA)";
}

}  // namespace

void require_isa_limit() {
  static const std::string problem = limit_isa();
  if (!problem.empty()) fail(problem);
}

void use_configured_threads() noexcept { omp_set_num_threads(configured_threads()); }

}  // namespace revup

using namespace revup;

int32_t revup_abi_version(void) { return REVUP_ABI_VERSION; }

const char *revup_last_error(void) { return last_error(); }

const char *revup_instruction_set(void) { return instruction_set(); }

revup_status revup_describe(char *text, int64_t capacity) {
  return guarded([&] {
    require_aligned(text, "text", 1);
    if (capacity < 1) {
      fail("capacity is " + std::to_string(capacity) + "; it must be at least 1, for the terminating zero");
    }
    const dnnl_version_t *version = dnnl_version();
    const int32_t threads = configured_threads();
    std::snprintf(text, static_cast<size_t>(capacity), "%s, oneDNN %d.%d.%d, %d %s", isa_title().c_str(),
                  version->major, version->minor, version->patch, threads, threads == 1 ? "thread" : "threads");
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

revup_status revup_supports(revup_type type, revup_support *support) {
  return guarded([&] {
    require_type(type, "type");
    require_scalar(support, "support");
    // Below AVX-512 oneDNN has no bfloat16 convolution of its own; it either refuses or falls back to naive loops.
    // AVX-512 BF16 doubles the rate of products, which is less than Winograd's convolution saves in float32. AMX
    // multiplies it by 16.
    if (type == REVUP_FLOAT32) {
      *support = REVUP_NATIVE;
    } else if (revup::onednn::has_isa(dnnl_cpu_isa_avx512_core_amx)) {
      *support = REVUP_FAST;
    } else {
      *support = revup::onednn::has_isa(dnnl_cpu_isa_avx512_core) ? REVUP_NATIVE : REVUP_NONE;
    }
  });
}
