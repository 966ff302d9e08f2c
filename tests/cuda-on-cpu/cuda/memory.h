#pragma once

#include <cstddef>

namespace cuda_on_cpu {

// Whether the range is mapped in this process: what can be found out about host memory without touching it.
bool host_range_is_mapped(const void *address, size_t bytes);

}  // namespace cuda_on_cpu
