// Every access of every kernel to its tensors: none outside of them, and as many bytes as the kernel's header declares.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "../tests/harness.h"
#include "declared.h"
#include "watch.h"

namespace {

using accesses::Declared;
using accesses::Result;
using accesses::Touched;
using launches::Launch;
using launches::Table;

// Bytes of each element of the largest tensor, which are touched in tensors of at least half as many elements. Smaller
// tensors, such as one value for each channel, stay in the cache.
Declared counted(const Result &result) {
  size_t elements = 0;
  for (const Touched &tensor : result.tensors) elements = std::max(elements, tensor.elements());
  Declared bytes;
  for (const Touched &tensor : result.tensors) {
    if (2 * tensor.elements() < elements) continue;
    bytes.read += static_cast<double>(std::count(tensor.read.begin(), tensor.read.end(), true));
    bytes.written += static_cast<double>(std::count(tensor.written.begin(), tensor.written.end(), true));
  }
  return {bytes.read / static_cast<double>(elements), bytes.written / static_cast<double>(elements)};
}

void expect_bytes(const std::string &what, double expected, double actual) {
  constexpr double tolerance = 0.2;  // rows of codes end with a whole byte; the smallest tensor of all has half a byte
  if (std::isnan(expected) || std::abs(expected - actual) < tolerance) return;
  char text[100];
  std::snprintf(text, sizeof text, "%.2f bytes per element are %s, and the header declares %.2f", actual, what.c_str(),
                expected);
  EXPECT("as declared", std::string(text));
}

void expect_as_declared(const Table &table, const Launch &launch, const Declared *declared) {
  const Result result = accesses::watch(table, launch);
  EXPECT("", result.fault);
  if (declared == nullptr) return;
  const Declared bytes = counted(result);
  expect_bytes("read", declared->read, bytes.read);
  expect_bytes("written", declared->written, bytes.written);
}

// A launch of the kernel, whose arguments the caller changes.
Launch first_of(const Table &table, const std::string &kernel) {
  const auto is_of_kernel = [&](const Launch &launch) { return launch.kernel == kernel; };
  return *std::find_if(table.all().begin(), table.all().end(), is_of_kernel);
}

void find_an_access_behind_the_end(const Table &table) {
  Launch fill = first_of(table, "fill");
  ++fill.slots[0];
  EXPECT(0u, accesses::watch(table, fill).fault.find("a write of 4 bytes outside of every tensor"));
}

void find_an_access_of_another_tensor(const Table &table) {
  Launch sum = first_of(table, "axpy");
  sum.slots[2] -= 4096;
  EXPECT(false, accesses::watch(table, sum).fault.empty());
}

void find_a_misaligned_access(const Table &table) {
  Launch encode = first_of(table, "quantize_encode_8");
  encode.slots[6] += 4;
  EXPECT(0u, accesses::watch(table, encode).fault.find("a write of 8 bytes is misaligned"));
}

void find_a_wrong_declaration(const Table &table, const Declared &declared) {
  Launch sum = first_of(table, "axpy");
  sum.slots[2] = sum.slots[3];
  try {
    expect_as_declared(table, sum, &declared);
  } catch (const std::runtime_error &) {
    return;
  }
  throw std::runtime_error("axpy of a vector and itself reads fewer bytes than its header declares");
}

// Kernels on scalars or per-channel numbers, whose headers say so.
bool is_free(const std::string &kernel) {
  constexpr const char *free[] = {"batch_norm_gradients",  "batch_norm_statistics",
                                  "branch_scale_backward", "branch_scale_backward_all",
                                  "branch_scale_forward",  "branch_scale_forward_all",
                                  "end_weight_dots",       "segmentation_factors",
                                  "segmentation_total",    "step_verdict"};
  return std::find(std::begin(free), std::end(free), kernel) != std::end(free);
}

}  // namespace

int main(int count, char **arguments) {
  tests::Suite suite;
  const Table table;
  std::set<std::string> kernels;
  for (const Launch &launch : table.all()) kernels.insert(launch.kernel);
  const auto declared = accesses::declared_in(KERNEL_SOURCES, kernels);
  for (const std::string &kernel : kernels) {
    const auto found = declared.find(kernel);
    const Declared *const bytes = found == declared.end() ? nullptr : &found->second;
    suite.add("accesses: " + kernel, [&table, kernel, bytes] {
      for (const Launch &launch : table.all()) {
        if (launch.kernel == kernel) expect_as_declared(table, launch, bytes);
      }
    });
  }
  suite.add("accesses: an access behind the end is found", [&] { find_an_access_behind_the_end(table); });
  suite.add("accesses: an access of another tensor is found", [&] { find_an_access_of_another_tensor(table); });
  suite.add("accesses: a misaligned access is found", [&] { find_a_misaligned_access(table); });
  suite.add("accesses: a wrong declaration is found", [&] { find_a_wrong_declaration(table, declared.at("axpy")); });
  suite.add("accesses: every kernel declares its bytes", [&] {
    for (const std::string &kernel : kernels) {
      if (declared.count(kernel) == 0 && !is_free(kernel)) EXPECT("declared", kernel + " declares no bytes");
    }
  });
  return suite.run(count > 1 ? arguments[1] : "");
}
