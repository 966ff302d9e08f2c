#include "launches.h"

#include <cstdlib>
#include <stdexcept>

namespace launches {
namespace {

constexpr size_t alignment = 64, gap = 256, memory_bytes = 64 << 20;

uint16_t to_bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

// Different from element to element, and on both sides of zero.
float value_at(size_t i, float about) { return about + 0.005f * static_cast<float>(i % 97) - 0.2f; }

}  // namespace

std::string name(const std::string &operation, std::initializer_list<Type> storage) {
  std::string result = operation;
  for (const Type type : storage) result += type == Type::f32 ? "_f32" : "_bf16";
  return result;
}

bool Launch::run(std::string &failure) const {
  std::vector<uint64_t> values = slots;
  std::vector<void *> arguments;
  for (uint64_t &value : values) arguments.push_back(&value);
  const cushim::Grid grid{{blocks, 1, 1}, {threads, 1, 1}, 0};
  char message[512] = "";
  const bool succeeded = cushim_launch(cushim_find(kernel.c_str()), &grid, arguments.data(), message, sizeof message);
  failure = message;
  return succeeded;
}

Table::Table() : memory_(static_cast<char *>(std::aligned_alloc(alignment, memory_bytes))) {
  if (memory_ == nullptr) throw std::bad_alloc();
  add_pointwise(*this);
  add_normalisation(*this);
  add_spatial(*this);
  add_convolutions(*this);
  add_losses(*this);
  add_weights(*this);
}

float *Table::floats(size_t count, float about) { return static_cast<float *>(tensor(Type::f32, count, about)); }

void *Table::tensor(Type type, size_t count, float about) {
  const size_t element_bytes = type == Type::f32 ? sizeof(float) : sizeof(uint16_t);
  void *const result = allocate(count * element_bytes, element_bytes);
  for (size_t i = 0; i < count; ++i) {
    const float value = value_at(i, about);
    if (type == Type::f32) {
      static_cast<float *>(result)[i] = value;
    } else {
      static_cast<uint16_t *>(result)[i] = to_bf16(value);
    }
  }
  return result;
}

double *Table::doubles(size_t count, double value) {
  double *const result = zeros<double>(count);
  for (size_t i = 0; i < count; ++i) result[i] = value;
  return result;
}

void *Table::allocate(size_t bytes, size_t element_bytes) {
  const size_t start = used_ + gap;
  used_ = (start + bytes + alignment - 1) / alignment * alignment;
  if (used_ > memory_bytes) throw std::length_error("the tensors of all launches take more than 64 MiB");
  char *const result = memory_.get() + start;
  std::memset(result, 0, bytes);
  tensors_.push_back({reinterpret_cast<uintptr_t>(result), bytes, element_bytes});
  return result;
}

void Table::Free::operator()(char *memory) const { std::free(memory); }

void Table::add(Launch launch, const std::vector<size_t> &kinds) {
  const cushim::Kernel *const kernel = cushim_find(launch.kernel.c_str());
  if (kernel == nullptr) throw std::invalid_argument("there is no kernel " + launch.kernel);
  if (kernel->parameter_count != static_cast<int>(kinds.size())) {
    throw std::invalid_argument(launch.kernel + " takes " + std::to_string(kernel->parameter_count) +
                                " arguments, not " + std::to_string(kinds.size()));
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == 0 || kinds[i] == kernel->parameters[i].size) continue;
    throw std::invalid_argument(launch.kernel + ": argument " + std::to_string(i) + " has " +
                                std::to_string(kernel->parameters[i].size) + " bytes, not " + std::to_string(kinds[i]));
  }
  launches_.push_back(std::move(launch));
}

}  // namespace launches
