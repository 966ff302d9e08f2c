// The bytes that the headers of the kernels declare.
#pragma once

#include <map>
#include <set>
#include <string>

namespace accesses {

// Of each element: "Bytes per element: 8 + sizeof(Z) read, 4 written". Not a number where the header makes it depend on
// the shapes.
struct Declared {
  double read = 0, written = 0;
};

// By the names of kernels, which a macro pastes together from the types that it is called with. Kernels whose header
// has no such sentence are left out.
std::map<std::string, Declared> declared_in(const std::string &folder, const std::set<std::string> &kernels);

}  // namespace accesses
