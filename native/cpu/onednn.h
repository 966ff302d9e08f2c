// oneDNN for the operations built on it: the CPU engine, primitive descriptors in both of its API generations, scratch
// that belongs to the caller, and its errors as statuses.
#pragma once

#include <omp.h>

#include <cstring>
#include <string>
#include <tuple>
#include <unordered_map>

#include <oneapi/dnnl/dnnl.hpp>

#include "status.h"
#include "thread_pool.h"

namespace revup::onednn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

inline const dnnl::engine &cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// Whether oneDNN, and with it every kernel here, may use these instructions (REVUP_MAX_ISA limits them).
inline bool has_isa(dnnl_cpu_isa_t isa) { return (dnnl_get_effective_cpu_isa() & isa) == isa; }

// Scratch is an argument of each execution instead of memory of oneDNN's own: its size is known beforehand and counted.
inline dnnl::primitive_attr caller_owned_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// oneDNN 3 folded the operation descriptor into the primitive descriptor; `operation` and `hint` (the forward pass of a
// backward one) are the same in both generations. The implementation is the first in oneDNN's list whose name does not
// contain `refused` (null: any will do).
template <typename Primitive, typename... Operation, typename... Hint>
typename Primitive::primitive_desc describe(const char *refused, const dnnl::primitive_attr &attributes,
                                            const std::tuple<Operation...> &operation, const Hint &...hint) {
#if DNNL_VERSION_MAJOR >= 3
  auto description = std::apply(
      [&](const auto &...arguments) {
        return typename Primitive::primitive_desc(cpu_engine(), arguments..., hint..., attributes);
      },
      operation);
#else
  // next_impl reads it again.
  const auto descriptor = std::make_from_tuple<typename Primitive::desc>(operation);
  typename Primitive::primitive_desc description(descriptor, attributes, cpu_engine(), hint...);
#endif
  while (refused != nullptr && std::strstr(description.impl_info_str(), refused) != nullptr) {
    if (!description.next_impl()) throw dnnl::error(dnnl_unimplemented, "every implementation is refused");
  }
  return description;
}

// Wraps the caller's memory. oneDNN has no const: inputs are only read all the same.
inline dnnl::memory wrap(const Desc &desc, const void *data) {
  return dnnl::memory(desc, cpu_engine(), const_cast<void *>(data));
}

// With fewer products, or moved elements, a primitive is faster on one thread: two wait for each other longer than they
// compute. A reorder of 9,000 elements took 3.5 us with one and 135 us with two (AMD Zen 3).
constexpr double kLeastSharedProducts = 8e6;
constexpr int64_t kLeastSharedElements = 256 * 1024;

inline int threads_for(double products) { return products < kLeastSharedProducts ? 1 : participants(); }

// OpenMP's thread count of the calling thread, while this lives.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadCount() { omp_set_num_threads(before_); }
  ThreadCount(const ThreadCount &) = delete;
  ThreadCount &operator=(const ThreadCount &) = delete;

 private:
  int before_;
};

// Runs to completion: a CPU stream is synchronous, and opening one costs well under a microsecond.
inline void execute(const dnnl::primitive &primitive, const std::unordered_map<int, dnnl::memory> &arguments) {
  rest_workers();
  dnnl::stream stream(cpu_engine());
  primitive.execute(stream, arguments);
  stream.wait();
}

// A primitive with the scratch that its executions need, on as many threads as it was made for.
struct Plan {
  dnnl::primitive primitive;
  Desc scratch;
  int threads = 1;

  Plan() = default;  // none
  template <typename Description>
  explicit Plan(const Description &description)
      : primitive(description.get()), scratch(description.scratchpad_desc()), threads(participants()) {}

  size_t scratch_bytes() const { return scratch.get_size(); }

  void run(std::unordered_map<int, dnnl::memory> arguments, void *memory) const {
    const ThreadCount count(threads);
    if (scratch_bytes() > 0) arguments.emplace(DNNL_ARG_SCRATCHPAD, wrap(scratch, memory));
    execute(primitive, arguments);
  }
};

inline Plan reorder_plan(const Desc &from, const Desc &to) {
  const ThreadCount count(to.get_size() < sizeof(float) * kLeastSharedElements ? 1 : participants());
  return Plan(dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to, caller_owned_scratch()));
}

// `bytes` rounded up to where the next tensor of the same buffer may begin.
inline int64_t aligned(size_t bytes) {
  return static_cast<int64_t>((bytes + REVUP_ALIGNMENT - 1) / REVUP_ALIGNMENT * REVUP_ALIGNMENT);
}

// Runs `body`; an error of oneDNN becomes a Failure that names describe_subject() -> std::string.
template <typename DescribeSubject, typename Body>
void translated(DescribeSubject describe_subject, Body body) {
  try {
    body();
  } catch (const dnnl::error &error) {
    const std::string subject = describe_subject();
    switch (error.status) {
      case dnnl_unimplemented:
        throw Failure(REVUP_UNSUPPORTED, "oneDNN has no implementation on this processor of the " + subject);
      case dnnl_out_of_memory:
        throw Failure(REVUP_OUT_OF_MEMORY, "the system has no memory left for the " + subject);
      default:
        throw Failure(REVUP_INTERNAL, std::string("oneDNN failed (") + error.what() + ") in the " + subject);
    }
  }
}

}  // namespace revup::onednn
