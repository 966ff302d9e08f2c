// Losses, labels and the verdict on a step.
#include "../../../native/include/revup_tables.h"
#include "launches.h"

namespace launches {

void add_losses(Table &table) {
  constexpr unsigned blocks = 2, threads = 32;
  for (const long long classes : {10LL, 40LL}) {
    constexpr long long rows = 64;
    float *const logits = table.floats(rows * classes);
    table.add("cross_entropy", 3, 64, rows, classes, logits, table.floats(rows * classes), 0.1f, logits,
              table.doubles(2), table.partials(), table.counter());
    table.add("binary_cross_entropy", 3, 64, rows, classes, logits, table.floats(rows * classes), 0.1f, logits,
              table.doubles(2), table.partials(), table.counter());
    table.add("regression_loss", 3, 64, rows, classes, logits, table.floats(rows * classes), 0.5f, 0.1f, logits,
              table.doubles(2), table.partials(), table.counter());
    table.add("arg_max", blocks, threads, rows, classes, table.floats(rows * classes),
              table.zeros<unsigned short>(rows));
  }
  for (const long long classes : {3LL, 300LL}) {  // one pass over the classes, and two
    constexpr long long batch = 2, per_sample = 1;
    const long long positions = classes == 3 ? 600 : 300;  // a block takes several tiles of 256
    const size_t count = batch * positions * classes, sums = 4 + 3 * classes;
    unsigned short *const labels = table.zeros<unsigned short>(batch * positions);
    for (int i = 0; i < batch * positions; ++i) labels[i] = static_cast<unsigned short>(i % (classes + 1));
    float *const logits = table.floats(count), *const weights = table.floats(classes, 1);
    float *const factors = table.floats(batch * 3 * classes);
    double *const partials = table.doubles(batch * per_sample * sums, 1);
    double *const totals = table.doubles(batch * 4, 1), *const overlaps = table.doubles(batch * 3 * classes, 1);
    table.add("segmentation_sums", batch * per_sample, 256, positions, classes, per_sample, logits, labels, weights,
              partials);
    table.add("segmentation_total", blocks, threads, batch, classes, per_sample, partials, totals, overlaps);
    for (const double of_sample : {0.0, 1.0}) {
      table.add("segmentation_factors", 1, 256, batch, classes, 1.0, 1e-5, 1.0, of_sample, weights, totals, overlaps,
                factors, table.doubles(2));
    }
    table.add("segmentation_gradient", 2, 256, batch, positions, classes, logits, labels, factors, logits);
  }
  constexpr long long network = 40, stride = 3;  // blocks of the network, evaluations of each
  table.add("step_verdict", 1, 32, network, stride, 1.0, 1.0, 0.05, 0.01, 1e-7, table.doubles(2, 1),
            table.doubles(1, 4), table.doubles(2 * network * stride, 1e-3), table.doubles(network, 2),
            table.floats(network, 0.9f), table.zeros<revup_optimizer_settings>(1), table.zeros<revup_step_outcome>(1));
}

}  // namespace launches
