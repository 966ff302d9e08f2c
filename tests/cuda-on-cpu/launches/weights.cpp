// Work on weights: optimisers, the normalisation of many vectors, and launches over tables of many tensors.
#include "../../../native/include/revup_tables.h"
#include "launches.h"

namespace launches {
namespace {

// Tables as native/cuda/weights.cu and operators.cu read them.
struct Copy {
  const void *weights, *scale, *copy;
  long long count, is_narrow, first;
};
struct Gradient {
  const void *raw, *weights, *factor, *gradient, *dot;
  long long count, is_narrow, first;
};
struct Operator {
  const void *weights, *gradient, *u, *v, *factor;
  long long groups, inputs, outputs, input[3], output[3], kernel[3], padding[3], first[3];
};

}  // namespace

void Table::add_copies() {
  constexpr long long counts[] = {8192 + 1003, 24, 1001}, parts = 4;
  auto *const copies = zeros<Copy>(3);
  auto *const gradients = zeros<Gradient>(3);
  long long first = 0;
  for (int i = 0; i < 3; ++i) {
    const auto size = static_cast<size_t>(counts[i]);
    const Type type = i == 1 ? Type::f32 : Type::bf16;
    float *const weights = floats(size);
    copies[i] = {weights, i == 2 ? nullptr : floats(1), tensor(type, size), counts[i], type == Type::bf16, first};
    gradients[i] = {tensor(type, size),
                    weights,
                    i == 2 ? nullptr : floats(1),
                    floats(size),
                    i == 1 ? nullptr : doubles(1),
                    counts[i],
                    type == Type::bf16,
                    first};
    first += counts[i] / 8192 + 1;
  }
  add("copy_weights", 3, 64, 3, copies, parts);
  double *const partials = doubles(parts);
  add("end_weights", 3, 64, 3, gradients, parts, partials);
  add("end_weight_dots", 2, 32, 3, gradients, partials);
}

void Table::add_operators() {
  const auto vector = [this](long long count) { return floats(static_cast<size_t>(count)); };
  // A matrix with odd rows; one of two groups, in packs.
  constexpr long long rows = 70 + 2 * 20, columns = 3 + 2 * 1;
  auto *const matrices = zeros<Operator>(2);
  matrices[0] = {vector(70 * 67), vector(70 * 67), vector(70), vector(67), vector(1), 1, 67, 70,
                 {1, 1, 1},       {1, 1, 1},       {1, 1, 1},  {0, 0, 0},  {0, 0, 0}};
  matrices[1] = {vector(40 * 32), vector(40 * 32), vector(40), vector(64), vector(1),  2, 32, 20,
                 {1, 1, 1},       {1, 1, 1},       {1, 1, 1},  {0, 0, 0},  {70, 3, 70}};
  add("matrix_products", 2, 64, 2, matrices, rows);
  add("matrix_products_transposed", 2, 256, 2, matrices, columns);
  add("matrix_gradients", 2, 64, 2, matrices, rows);
  // 3x3 with more channels than a tile; two groups of 3x3x3.
  auto *const operators = zeros<Operator>(2);
  operators[0] = {vector(70 * 9 * 17), vector(70 * 9 * 17), vector(35 * 70), vector(35 * 17), vector(1), 1, 17, 70,
                  {1, 5, 7},           {1, 5, 7},           {1, 3, 3},       {0, 1, 1},       {0, 0, 0}};
  operators[1] = {vector(6 * 27 * 2), vector(6 * 27 * 2), vector(12 * 6), vector(12 * 4), vector(1), 2, 2, 3,
                  {2, 3, 2},          {2, 3, 2},          {3, 3, 3},      {1, 1, 1},      {2, 1, 18}};
  add("operator_products", 2, 256, 2, operators, 2 + 2);
  add("operator_products_transposed", 2, 256, 2, operators, 1 + 2);
  add("operator_gradients", 3, 256, 2, operators, 9 * 2 + 27 * 2);
}

void add_weights(Table &table) {
  constexpr unsigned blocks = 2, threads = 32;
  constexpr long long groups = 2, first = 1600, count = first + 137;
  void *const block = table.zeros<char>(sizeof(revup_optimizer_settings) + groups * sizeof(revup_parameter_group));
  auto *const settings = static_cast<revup_optimizer_settings *>(block);
  *settings = {1, 0, 0.9, 1, 0.9, 0.99, 1e-8, 0.1, 0.1};
  auto *const group = reinterpret_cast<revup_parameter_group *>(settings + 1);
  group[0] = {first, 0.1, 1e-4};
  group[1] = {count, 0.01, 0};
  table.add("sgd", blocks, threads, groups, settings, table.floats(count), table.floats(count), table.floats(count));
  table.add("momentum_direction", blocks, threads, groups, settings, table.floats(count), table.floats(count));
  table.add("descend", blocks, threads, groups, settings, table.floats(count), table.floats(count));
  table.add("adam_w", blocks, threads, groups, settings, table.floats(count), table.floats(count),
            table.floats(count, 1), table.floats(count));

  constexpr long long vectors = 3, norms = 3000, size = norms + vectors;
  float *const buffer = table.floats(size);
  auto *const vector = table.zeros<revup_vector>(vectors);
  vector[0] = {0, 1007, norms};
  vector[1] = {1008, 991, norms + 1};  // zero, and therefore drawn
  vector[2] = {2000, 1000, norms + 2};
  for (int i = 1008; i < 1999; ++i) buffer[i] = 0;
  table.add("normalize_all", 2, 96, vectors, vector, 1, 7, buffer);
  table.add_copies();
  table.add_operators();
}

}  // namespace launches
