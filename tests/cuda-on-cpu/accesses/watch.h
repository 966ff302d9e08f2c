// Every access that a kernel makes to the tensors of a launch.
#pragma once

#include <string>
#include <vector>

#include "../launches/launches.h"

namespace accesses {

// A tensor that a launch was given, and which of its bytes were touched.
struct Touched {
  uintptr_t address = 0;
  size_t element_bytes = 0;
  std::vector<bool> read{}, written{};

  size_t elements() const { return read.size() / element_bytes; }
};

struct Result {
  std::vector<Touched> tensors;
  // The first access between tensors, to a tensor that the launch was not given, or at an address that is no multiple
  // of the access's size; empty if there was none.
  std::string fault;
};

Result watch(const launches::Table &table, const launches::Launch &launch);

}  // namespace accesses
