// The ranges of NVTX 3: the first call looks for a profiler in the process; without one, a call tests a pointer.
#include <nvtx3/nvToolsExt.h>

#include "revup_nvtx.h"

void revup_range_push(const char *name) { nvtxRangePushA(name); }

void revup_range_pop(void) { nvtxRangePop(); }
