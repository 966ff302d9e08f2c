// Operations on the residual stream, element by element, and their sums.
#include "launches.h"

namespace launches {
namespace {

constexpr unsigned blocks = 2, threads = 32;
// Threads beside the first of the last block then add up what other blocks wrote.
constexpr unsigned sum_blocks = 3, sum_threads = 64;
// Every thread has at least one pack of 8 and one of 4, and some have what is left.
constexpr long long count = sum_blocks * sum_threads * 8 + 2 * 64 + 6;
constexpr int relu = 1, elu = 2, max_min = 3;

}  // namespace

void add_pointwise(Table &table) {
  float *const scalar = table.floats(1, 1);
  for (const Type x : types) {
    for (const Type y : types) {
      for (const int activation : {relu, max_min}) {
        table.add(name("preactivation_forward", {x, y}), blocks, threads, count, activation, table.tensor(x, count),
                  scalar, scalar, table.tensor(y, count));
      }
      for (const Type z : types) {
        void *const residual = table.tensor(z, count);
        table.add(name("preactivation_backward", {x, y, z}), sum_blocks, sum_threads, count, elu,
                  table.tensor(x, count), scalar, table.tensor(y, count), scalar, residual, residual, table.floats(1),
                  table.floats(1), table.partials(), table.counter());
      }
    }
    void *const in_place = table.tensor(x, count);
    table.add(name("preactivation_forward", {x, x}), blocks, threads, count, relu, in_place, scalar, scalar, in_place);
  }
  for (const Type z : types) {
    float *const x = table.floats(count);
    void *const branch = table.tensor(z, count);
    table.add(name("residual_add", {z}), blocks, threads, count, x, branch, scalar, x);
    table.add(name("residual_subtract", {z}), blocks, threads, count, x, branch, scalar, x);
    for (const int adds : {0, 1}) {
      table.add(name("fixed_point_step", {z}), sum_blocks, sum_threads, count, adds, table.floats(count), branch,
                scalar, x, x, table.doubles(2), table.partials(), table.counter());
    }
  }
  for (const Type dx : types) {
    void *const residual = table.tensor(dx, count);
    void *const gradient = table.tensor(Type::bf16, count);
    for (const int activation : {relu, elu}) {
      table.add(name("preactivation_gradient", {dx}), sum_blocks, sum_threads, count, activation,
                table.tensor(Type::bf16, count), scalar, gradient, scalar, residual, residual, gradient,
                table.floats(1), table.floats(1), table.partials(), table.counter());
    }
  }
  for (const int activation : {relu, max_min}) {
    float *const x = table.floats(count);
    void *const branch = table.tensor(Type::bf16, count);
    table.add("residual_add_ahead", blocks, threads, count, x, branch, scalar, x, activation, scalar, scalar, branch);
    float *const next = table.floats(count);
    table.add("fixed_point_step_ahead", sum_blocks, sum_threads, count, table.floats(count), branch, scalar, x, next,
              table.doubles(2), activation, scalar, scalar, branch, table.partials(), table.counter());
  }
  table.add("fill", blocks, threads, count, 1.0f, table.floats(count));
  table.add("cast_f32_bf16", blocks, threads, count, table.floats(count), table.tensor(Type::bf16, count));
  table.add("cast_bf16_f32", blocks, threads, count, table.tensor(Type::bf16, count), table.floats(count));
  float *const scaled = table.floats(count);
  table.add("scale_f32", blocks, threads, count, scalar, scaled, scaled);
  table.add("scale_f32_bf16", blocks, threads, count, scalar, scaled, table.tensor(Type::bf16, count));
  table.add("axpy", blocks, threads, count, scalar, table.floats(count), table.floats(count));
  table.add("dot", sum_blocks, sum_threads, count, table.floats(count), table.floats(count), table.doubles(1),
            table.partials(), table.counter());

  constexpr long long batch = 2, positions = 70;
  table.add("quantize_begin", blocks, threads, count, table.floats(count), table.floats(count));
  for (const long long channels : {40LL, 5LL}) {
    constexpr long long share = 30;  // positions of a block
    const size_t elements = batch * positions * channels, sums = batch * channels;
    for (const Type z : types) {
      float *const x = table.floats(elements);
      table.add(name("quantize_range", {z}), channels == 40 ? 2 : 1, 256, batch, positions, channels, share, x,
                table.tensor(z, elements), scalar, x, table.floats(elements), table.zeros<unsigned>(sums));
    }
    for (const char *const bits : {"4", "8"}) {
      unsigned char *const codes = table.zeros<unsigned char>(elements);
      void *const steps = table.tensor(Type::bf16, sums, 1);
      float *const decoded = table.floats(elements);
      table.add(std::string("quantize_encode_") + bits, blocks, threads, batch, positions, channels,
                table.floats(elements), table.floats(sums, 1), decoded, codes, steps);
      table.add(std::string("quantize_retrace_") + bits, blocks, threads, batch, positions, channels, codes, steps,
                decoded);
    }
  }
}

}  // namespace launches
