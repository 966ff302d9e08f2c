// Kernels by name, and the launch of one: the border between a library of kernels and the stand-in for the driver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "block.h"

namespace cushim {

struct Parameter {
  size_t size;
  size_t alignment;  // of what it points to; 0 when it is no pointer
};

struct Kernel {
  const char *name;
  Block::Body body;
  const Parameter *parameters;
  int parameter_count;
};

void add_kernel(const Kernel &kernel);
std::set<std::string> kernel_names();

template <typename T>
constexpr Parameter describe() {
  if constexpr (std::is_pointer_v<T>) {
    return {sizeof(T), alignof(std::remove_pointer_t<T>)};
  } else {
    return {sizeof(T), 0};
  }
}

template <typename... Types>
void add_kernel(const char *name, void (*)(Types...), Block::Body body) {
  static constexpr Parameter parameters[] = {describe<Types>()..., Parameter{0, 0}};
  add_kernel({name, body, parameters, sizeof...(Types)});
}

template <typename... Types, size_t... Indices>
void call(void (*kernel)(Types...), void **arguments, std::index_sequence<Indices...>) {
  kernel(*static_cast<std::remove_cv_t<Types> *>(arguments[Indices])...);
}

// As the driver passes them: an array of pointers to the arguments.
template <typename... Types>
void call(void (*kernel)(Types...), void **arguments) {
  call(kernel, arguments, std::index_sequence_for<Types...>{});
}

// Makes a __global__ function known by its name while the library that has it is loaded.
template <auto kernel>
struct Registration {
  explicit Registration(const char *name) {
    add_kernel(name, kernel, [](void **arguments) { call(kernel, arguments); });
  }
};

}  // namespace cushim

// Exports of a library of kernels.
extern "C" {
// Null when it has no such kernel.
__attribute__((visibility("default"))) const cushim::Kernel *cushim_find(const char *name);
// False when the kernel did what a device cannot do; the message says what. Returns after the last block.
__attribute__((visibility("default"))) bool cushim_launch(const cushim::Kernel *kernel, const cushim::Grid *grid,
                                                          void **arguments, char *message, size_t capacity);
}
