// The window of a profiler, as ranges in the record of nvtx/.
#include "revup_nvtx.h"
#include "state.h"

using namespace cuda_on_cpu;

namespace {

CUresult note(const char *call) {
  RETURN_IF_FAILED(check_context());
  revup_range_push(revup_range_name(call), -1);
  revup_range_pop();
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuProfilerStart() { return note("cuProfilerStart"); }

CUresult cuProfilerStop() { return note("cuProfilerStop"); }
