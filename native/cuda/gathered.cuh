// Launches over many tensors at once, where one launch for each would take longer than its work. A table on the device
// lists the operands; it lies there as long as the tensors do, so that a captured graph may read it. The work on an
// entry comes in parts, each for one block or warp.
#pragma once

#include "launch.cuh"

namespace revup {

// The entry of part `part` of a product, both counted from the first of `count` entries; `part` becomes the part's
// place in its entry. Each entry has first[product], the sum of the parts of all entries before it in its table.
template <typename Entry>
__device__ inline const Entry &entry_of(const Entry *table, long long count, int product, long long &part) {
  part += table[0].first[product];
  long long low = 0, high = count - 1;
  while (low < high) {
    const long long middle = (low + high + 1) / 2;
    if (table[middle].first[product] <= part) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  part -= table[low].first[product];
  return table[low];
}

}  // namespace revup
