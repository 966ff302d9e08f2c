// Launches of every kernel on small tensors that lead through each of its loops, for programs that watch the memory
// accesses of kernels. Odd and even channels, both storage types, two and three dimensions, allowed aliases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "../shim/launch.h"

namespace launches {

enum class Type { f32, bf16 };
constexpr Type types[] = {Type::f32, Type::bf16};

// "residual_add" and {f32}: residual_add_f32.
std::string name(const std::string &operation, std::initializer_list<Type> storage);

struct Launch {
  std::string kernel;
  unsigned blocks, threads;
  std::vector<uint64_t> slots;  // arguments

  // False as cushim_launch, whose message goes to `failure`.
  bool run(std::string &failure) const;
};

struct Tensor {
  uintptr_t address;
  size_t bytes, element_bytes;
};

// Launches and their tensors, which keep whatever a launch leaves in them.
class Table {
 public:
  Table();

  const std::vector<Launch> &all() const { return launches_; }
  // In the order of their addresses. Between two of them is a gap, inside one block of memory.
  const std::vector<Tensor> &tensors() const { return tensors_; }

 private:
  friend void add_pointwise(Table &table);
  friend void add_normalisation(Table &table);
  friend void add_spatial(Table &table);
  friend void add_convolutions(Table &table);
  friend void add_losses(Table &table);
  friend void add_weights(Table &table);
  void add_copies();
  void add_operators();

  // Tensors of `count` elements, aligned to 64 bytes.
  float *floats(size_t count, float about = 0.1f);
  void *tensor(Type type, size_t count, float about = 0.1f);
  double *doubles(size_t count, double value = 0);
  template <typename T>
  T *zeros(size_t count) {
    return static_cast<T *>(allocate(count * sizeof(T), alignof(T)));
  }
  // Room for the partial sums of a grid, and their counter.
  double *partials() { return doubles(64); }
  unsigned *counter() { return zeros<unsigned>(1); }

  // Throws when the kernel does not exist or takes other arguments.
  template <typename... Arguments>
  void add(const std::string &kernel, unsigned blocks, unsigned threads, Arguments... arguments) {
    add({kernel, blocks, threads, {slot(arguments)...}}, {kind<Arguments>()...});
  }

  // What is passed: a pointer, a number of 4 or 8 bytes, or an integer, which takes either.
  template <typename T>
  static constexpr size_t kind() {
    return std::is_integral_v<T> ? 0 : sizeof(T);
  }
  template <typename T>
  static uint64_t slot(T value) {
    uint64_t bits = 0;
    if constexpr (std::is_integral_v<T>) {
      bits = static_cast<uint64_t>(static_cast<int64_t>(value));
    } else {
      std::memcpy(&bits, &value, sizeof value);
    }
    return bits;
  }

  void add(Launch launch, const std::vector<size_t> &kinds);
  void *allocate(size_t bytes, size_t element_bytes);

  struct Free {
    void operator()(char *memory) const;
  };
  std::unique_ptr<char, Free> memory_;
  size_t used_ = 0;
  std::vector<Tensor> tensors_;
  std::vector<Launch> launches_;
};

}  // namespace launches
