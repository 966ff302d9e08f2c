// Work on weights: optimisers and the normalisation of many vectors.
#include "../../../native/include/revup_tables.h"
#include "launches.h"

namespace launches {

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
  table.add("adam_w", blocks, threads, groups, settings, table.floats(count), table.floats(count),
            table.floats(count, 1), table.floats(count));

  constexpr long long vectors = 3, norms = 3000, size = norms + vectors;
  float *const buffer = table.floats(size);
  auto *const vector = table.zeros<revup_vector>(vectors);
  vector[0] = {0, 1007, norms};
  vector[1] = {1008, 991, norms + 1};  // zero, and therefore drawn
  vector[2] = {2000, 1000, norms + 2};
  for (int i = 1008; i < 1999; ++i) buffer[i] = 0;
  table.add("normalize_all", 2, 96, vectors, vector, 7, buffer);
}

}  // namespace launches
