#include "watch.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace accesses {
namespace {

// Of the launch that runs.
Result *current = nullptr;
uintptr_t lowest = 0, highest = 0;

void touch(const void *pointer, size_t bytes, bool is_write, bool is_aligned) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  if (current == nullptr || address < lowest || address >= highest) return;  // a device thread's own variables
  Touched *found = nullptr;
  for (Touched &tensor : current->tensors) {
    if (address >= tensor.address && address + bytes <= tensor.address + tensor.read.size()) found = &tensor;
  }
  if (found != nullptr && (is_aligned || address % bytes == 0)) {
    const auto start = (is_write ? found->written : found->read).begin() + static_cast<long>(address - found->address);
    std::fill_n(start, bytes, true);
    return;
  }
  if (!current->fault.empty()) return;
  // The tensor that starts last before it.
  const Touched *nearest = nullptr;
  for (const Touched &tensor : current->tensors) {
    if (tensor.address <= address && (nearest == nullptr || tensor.address > nearest->address)) nearest = &tensor;
  }
  char text[200];
  std::snprintf(text, sizeof text, "%s of %zu bytes %s, %ld bytes behind the start of a tensor of %zu bytes",
                is_write ? "a write" : "a read", bytes, found == nullptr ? "outside of every tensor" : "is misaligned",
                nearest == nullptr ? -1L : static_cast<long>(address - nearest->address),
                nearest == nullptr ? size_t{0} : nearest->read.size());
  current->fault = text;
}

// Tensors whose addresses lie in a tensor of words: what a table of operands lists.
void add_operands(const launches::Table &table, const launches::Tensor &words, Result &result) {
  const auto *const word = reinterpret_cast<const uintptr_t *>(words.address);
  for (const launches::Tensor &tensor : table.tensors()) {
    if (std::find(word, word + words.bytes / sizeof(uintptr_t), tensor.address) !=
        word + words.bytes / sizeof(uintptr_t)) {
      result.tensors.push_back(
          {tensor.address, tensor.element_bytes, std::vector<bool>(tensor.bytes), std::vector<bool>(tensor.bytes)});
    }
  }
}

}  // namespace

Result watch(const launches::Table &table, const launches::Launch &launch) {
  Result result;
  const cushim::Kernel &kernel = *cushim_find(launch.kernel.c_str());
  for (int i = 0; i < kernel.parameter_count; ++i) {
    const size_t element_bytes = kernel.parameters[i].alignment;
    for (const launches::Tensor &tensor : table.tensors()) {
      const uintptr_t offset = launch.slots[i] - tensor.address;  // huge before the start
      if (element_bytes == 0 || offset >= tensor.bytes) continue;
      const auto is_same = [&](const Touched &other) { return other.address == tensor.address; };
      if (std::any_of(result.tensors.begin(), result.tensors.end(), is_same)) continue;
      result.tensors.push_back(
          {tensor.address, element_bytes, std::vector<bool>(tensor.bytes), std::vector<bool>(tensor.bytes)});
      if (element_bytes == sizeof(uintptr_t)) add_operands(table, tensor, result);
    }
  }
  lowest = table.tensors().front().address;
  highest = table.tensors().back().address + table.tensors().back().bytes + 1;
  current = &result;
  std::string failure;
  const bool succeeded = launch.run(failure);
  current = nullptr;
  if (!succeeded) throw std::runtime_error(failure);
  return result;
}

}  // namespace accesses

// Called by code that was compiled with -fsanitize=thread, in the place of ThreadSanitizer's runtime.
#define ACCESSES(bytes)                                                                              \
  void __tsan_read##bytes(void *address) { accesses::touch(address, bytes, false, bytes == 1); }     \
  void __tsan_write##bytes(void *address) { accesses::touch(address, bytes, true, bytes == 1); }     \
  void __tsan_unaligned_read##bytes(void *address) { accesses::touch(address, bytes, false, true); } \
  void __tsan_unaligned_write##bytes(void *address) { accesses::touch(address, bytes, true, true); }

#define ATOMIC_ACCESSES(bits, T)                                                                            \
  T __tsan_atomic##bits##_load(const volatile T *address, int) {                                            \
    accesses::touch(const_cast<const T *>(address), bits / 8, false, false);                                \
    return __atomic_load_n(address, __ATOMIC_RELAXED);                                                      \
  }                                                                                                         \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile T *address, T *expected, T value, int, int) {    \
    accesses::touch(const_cast<const T *>(address), bits / 8, true, false);                                 \
    return __atomic_compare_exchange_n(address, expected, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
  }

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
ATOMIC_ACCESSES(32, uint32_t)
ATOMIC_ACCESSES(64, uint64_t)
void __tsan_read_range(void *address, size_t bytes) { accesses::touch(address, bytes, false, true); }
void __tsan_write_range(void *address, size_t bytes) { accesses::touch(address, bytes, true, true); }
// Of order.cpp; no one asks here what orders threads.
void *__tsan_create_fiber(unsigned) { return nullptr; }
void __tsan_destroy_fiber(void *) {}
void __tsan_switch_to_fiber(void *, unsigned) {}
void *__tsan_get_current_fiber() { return nullptr; }
void __tsan_acquire(void *) {}
void __tsan_release(void *) {}
}
